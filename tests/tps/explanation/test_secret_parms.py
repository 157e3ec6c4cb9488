"""Which parameters nobody should see."""

import pytest
from hypothesis import given
from hypothesis import settings as examples

from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_settings import to_document
from encoders.settings import Settings
from tests.settings_strategies import SECRET_MARK, settings
from tps.explanation import secret_parms


def document(*parms: Parm) -> Document:
    return Document((Characteristic("NAPDEF", parms),))


@pytest.mark.parametrize(
    ("parm", "is_secret"),
    [
        (Parm("AUTHSECRET", "drowssap"), True),
        (Parm("PXAUTH-PW", "{proxy_password}"), True),
        (Parm("AUTHNAME", "{ppp_user}"), True),
        (Parm("AUTHNAME", "{msisdn}@operator.example"), False),
        (Parm("AUTHNAME", "alice"), False),
        (Parm("INTERNET", None), False),
    ],
)
def test_passwords_and_the_values_of_a_subscriber_are_secret(parm: Parm, *, is_secret: bool) -> None:
    assert secret_parms.of_document(document(Parm("NAPID", "x"), parm)) == ({1} if is_secret else set())


def test_a_secret_stays_one_where_a_document_was_shaped() -> None:
    secret = Parm("X-OWN", "hush")
    original = document(Parm("NAPID", "long"), Parm("NAME", "x"), secret)
    shaped = document(Parm("NAPID", "l"), secret)
    assert secret_parms.of_shaped(shaped, original, frozenset({2})) == {1}


@given(settings())
@examples(max_examples=25)
def test_no_secret_of_any_settings_is_seen_in_their_document(any_settings: Settings) -> None:
    shown = to_document(any_settings)
    masked = secret_parms.mask(shown, secret_parms.of_settings(any_settings))
    assert SECRET_MARK not in repr(masked)
    assert [parm.name for parm in secret_parms.parms(masked.items)] == [
        parm.name for parm in secret_parms.parms(shown.items)
    ]
