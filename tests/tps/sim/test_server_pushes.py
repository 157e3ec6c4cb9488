"""The server's pushes, read by a handset that shares no code with it: what was meant is what is installed."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bootstrap.mac import Method, key, userpinmac_pin
from bootstrap.push import segments
from encoders.client_provisioning import Characteristic, Document, Parm, encode
from encoders.client_provisioning_settings import fill, placeholders, to_document
from encoders.settings import Settings
from encoders.settings import decode as decode_settings
from tests.facts import FIXTURES
from tests.settings_strategies import settings as drawn_settings
from tests.strategies import fewer_examples
from tps.sim.handset import Handset, Outcome
from tps.sim.handset_behaviour import FAMILIES, GECKO, STRICT, TOLERANT, HandsetBehaviour
from tps.sim.handset_settings import Plain
from tps.sim.handset_trust import Security

EXAMPLES = sorted((FIXTURES / "settings").glob("*.json"))
IMSIS = ["001010123456789", "00101012345678"]
PIN = "2468"


def plain(items: Iterable[Parm | Characteristic]) -> tuple[Plain, ...]:
    return tuple(
        (item.name, item.value) if isinstance(item, Parm) else (item.type, plain(item.items)) for item in items
    )


def example(path: Path) -> Document:
    settings = json.loads(path.read_bytes())["settings"]
    return filled(decode_settings(json.dumps(settings).encode()))


def filled(settings: Settings) -> Document:
    document = to_document(settings)
    return fill(document, {name: f"{name}-value" for name in placeholders(document)})


def receive(document: Document, handset: Handset, method: Method, *, reference: int = 1, wide: bool = False) -> Outcome:
    """Send the document to the handset by this method, its last segment first; the owner types the PIN."""
    body = encode(document)
    if method is Method.USERPINMAC:
        handset.pin, secret = userpinmac_pin("13579", body), None
    else:
        secret = key(method, imsi=handset.imsi, pin=PIN)
    sent = segments(body, method=method, key=secret, reference=reference, wide=wide)
    return [handset.receive(octets, sender="tps") for octets in reversed(sent)][-1]


def handset(behaviour: HandsetBehaviour, imsi: str = IMSIS[0]) -> Handset:
    return Handset(imsi, "359999010000012", "990000000001", PIN, behaviour)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("imsi", IMSIS, ids=["15 digits", "14 digits"])
def test_a_handset_installs_what_the_server_meant(path: Path, method: Method, imsi: str) -> None:
    document, phone = example(path), handset(TOLERANT, imsi)
    assert receive(document, phone, method) is Outcome.INSTALLED
    assert phone.holds() == plain(document.items)


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.stem != "everything"], ids=lambda path: path.stem)
@pytest.mark.parametrize("behaviour", FAMILIES, ids=lambda behaviour: behaviour.name)
def test_ordinary_settings_are_installed_by_every_family(path: Path, behaviour: HandsetBehaviour) -> None:
    phone = handset(behaviour)
    assert receive(example(path), phone, Method.NETWPIN) is Outcome.INSTALLED
    assert "hush" not in phone.describe()


@pytest.mark.parametrize("behaviour", [STRICT, TOLERANT, GECKO], ids=lambda behaviour: behaviour.name)
@pytest.mark.parametrize("method", Method)
def test_the_form_of_every_method_is_taken_by_the_strict(behaviour: HandsetBehaviour, method: Method) -> None:
    phone = handset(behaviour)
    document = example(FIXTURES / "settings" / "internet.json")
    known = Security(method) in behaviour.security
    assert receive(document, phone, method) is (Outcome.INSTALLED if known else Outcome.REJECTED)


@given(drawn_settings(), st.sampled_from(Method), st.booleans(), st.integers(0, 255), st.sampled_from(IMSIS))
@fewer_examples
def test_whatever_the_settings_the_handset_holds_the_same(
    settings: Settings, method: Method, wide: bool, reference: int, imsi: str
) -> None:
    document, phone = filled(settings), handset(TOLERANT, imsi)
    assume(document.items)
    assert receive(document, phone, method, reference=reference, wide=wide) is Outcome.INSTALLED, phone.last_refusal
    assert phone.holds() == plain(document.items)
    assert "hush" not in phone.describe()
