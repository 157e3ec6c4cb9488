"""What is known of the device of a push, and what leaves by channels other than client provisioning, as a page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from encoders import browser_settings, settings
from encoders.sms_text import text_of
from tps.commands.explanation_page import Fact, print_facts, print_title
from tps.decisions.device_models import KnownDevice, explanation
from tps.decisions.triggers import BUILT_IN_VALUES
from tps.delivery.channel_plan import Plan
from tps.delivery.channels import BrowserWay, Outgoing, TextWay
from tps.explanation.secret_parms import MASK


@dataclass(frozen=True, slots=True)
class OtherChannel:
    """A push that is no provisioning document."""

    way: BrowserWay | TextWay
    outgoing: Outgoing
    values: Mapping[str, str]
    reference: int


def print_device(console: Console, device: KnownDevice, plan: Plan | None) -> None:
    """What is known, where it comes from, and what follows."""
    facts: list[Fact] = [("known", line) for line in explanation(device)]
    if plan is None:
        facts.append(("channel", "client_provisioning: the settings leave as they are"))
    else:
        facts.append(("channel", plan.said))
        facts += [("changed", str(change)) for change in plan.changes]
    print_facts(console, "Device", facts)


def print_other_channel(console: Console, push: OtherChannel, *, show_secrets: bool) -> None:
    """The documents or the text of a push, and its SMS where secrets may be seen."""
    way, values = push.way, push.values
    if not show_secrets:
        way = replace(way, settings=settings.masked(way.settings))
        values = {name: value if name in BUILT_IN_VALUES else MASK for name, value in values.items()}
    if isinstance(way, BrowserWay):
        for document in way.documents(values):
            print_title(console, f"Browser settings, {browser_settings.media_type(document)}")
            console.print(Text(browser_settings.encode_xml(document).decode()), end="")
    else:
        message = way.message(values, push.reference)
        print_title(console, f"Text, {message.alphabet.name}")
        console.print(Text(text_of(message)))
    parts = push.outgoing.parts
    for number, part in enumerate(parts, 1):
        print_title(console, f"SMS {number} of {len(parts)}, {len(part)} octets of user data")
        console.print(part.hex(" ") if show_secrets else "(hidden; --show-secrets shows it)")
