"""The channel of a device, and the reason that is kept with the push."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.channel_choice import PREFERENCE, Capabilities, Channel, choose_channel
from tps.decisions.device_models import ANY_SECURITY

NOTHING = Capabilities((), browser_settings=False, mobileconfig=False)
IPHONE = NOTHING._replace(mobileconfig=True)
NOKIA = Capabilities(("netwpin", "userpin"), browser_settings=True, mobileconfig=False)


def test_the_first_channel_that_the_device_takes_is_chosen_and_the_others_are_kept_to_fall_back_to() -> None:
    choice = choose_channel(NOKIA, PREFERENCE)
    assert choice.channel is Channel.CLIENT_PROVISIONING
    assert choice.fallbacks == (Channel.BROWSER_SETTINGS, Channel.INSTRUCTIONS)
    assert choice.reason == "client_provisioning: the device takes it, protected by netwpin or userpin"


def test_the_reason_says_why_those_before_it_were_passed_over() -> None:
    choice = choose_channel(IPHONE, PREFERENCE)
    assert choice.reason == ("mobileconfig: the device takes it; not client_provisioning: the device does not take it")


def test_a_channel_that_cannot_carry_the_settings_is_passed_over_with_its_reason() -> None:
    choice = choose_channel(NOKIA, PREFERENCE, {Channel.CLIENT_PROVISIONING: "the settings ask for userpinmac"})
    assert choice.channel is Channel.BROWSER_SETTINGS
    assert "not client_provisioning: the settings ask for userpinmac" in choice.reason


def test_words_are_for_any_user() -> None:
    assert choose_channel(NOTHING, PREFERENCE).channel is Channel.INSTRUCTIONS


def test_without_a_channel_that_the_device_takes_there_is_none_and_the_reason_names_them_all() -> None:
    choice = choose_channel(NOTHING, [Channel.MOBILECONFIG, Channel.BROWSER_SETTINGS])
    assert choice.channel is None
    assert (
        choice.reason
        == "not mobileconfig: the device does not take it; not browser_settings: the device does not take it"
    )
    assert choose_channel(NOKIA, []).reason == "no channel is preferred: name at least one"


capabilities = st.builds(
    Capabilities, st.lists(st.sampled_from(ANY_SECURITY), unique=True).map(tuple), st.booleans(), st.booleans()
)


@given(capabilities, st.lists(st.sampled_from(Channel)), st.dictionaries(st.sampled_from(Channel), st.just("full")))
def test_the_choice_and_its_fallbacks_are_what_is_possible_in_the_order_preferred(
    found: Capabilities, preference: Sequence[Channel], unusable: dict[Channel, str]
) -> None:
    choice = choose_channel(found, preference, unusable)
    taken = {
        Channel.CLIENT_PROVISIONING: bool(found.client_provisioning),
        Channel.BROWSER_SETTINGS: found.browser_settings,
        Channel.MOBILECONFIG: found.mobileconfig,
        Channel.INSTRUCTIONS: True,
    }
    possible = [channel for channel in dict.fromkeys(preference) if taken[channel] and channel not in unusable]
    assert [channel for channel in (choice.channel, *choice.fallbacks) if channel] == possible
    assert choice.reason
