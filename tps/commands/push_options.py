"""What a push is made of, as options: the document, the security method, the subscriber's identity and values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bootstrap.mac import Method
from encoders import client_provisioning, settings
from encoders.client_provisioning import Document
from encoders.client_provisioning_settings import placeholders, to_document
from encoders.errors import DecodeError, EncodeError
from tps.commands.terminal import BadInputError, read_octets
from tps.decisions import identities
from tps.decisions.policy import DeliveryPolicy, SecurityName, checked_pin, method_of
from tps.delivery.catalogue import Profile
from tps.explanation import secret_parms
from tps.explanation.push import Subject

Xml = Annotated[
    Path | None, typer.Option("--xml", metavar="FILE", help="Provisioning document as XML; - is standard input.")
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Neutral settings as JSON, instead of --xml.")
]
Values = Annotated[
    list[str] | None,
    typer.Option("--value", metavar="NAME=TEXT", help="Fills the placeholder {NAME} of the document; may be repeated."),
]
Sec = Annotated[
    SecurityName,
    typer.Option(
        "--sec", case_sensitive=False, help="How the handset knows the document as its operator's; none sends no MAC."
    ),
]
Imsi = Annotated[str | None, typer.Option("--imsi", metavar="DIGITS", help="IMSI of the SIM: the key of netwpin.")]
Msisdn = Annotated[str | None, typer.Option("--msisdn", metavar="NUMBER", help="Telephone number of the SIM.")]
Pin = Annotated[
    str | None,
    typer.Option(
        "--pin", metavar="DIGITS", envvar="TPS_PIN", help="PIN of the user; for userpinmac the first half of it."
    ),
]
Reference = Annotated[
    int, typer.Option("--ref", min=0, max=0xFFFF, help="Number that holds the SMS of one push together.")
]
WideReference = Annotated[
    bool, typer.Option("--ref16", help="16-bit reference (0 to 65535) instead of an 8-bit one (0 to 255).")
]


def subject(
    *,
    xml: Path | None,
    json: Path | None,
    values: Sequence[str] | None,
    security: SecurityName,
    imsi: str | None,
    msisdn: str | None,
    pin: str | None,
    reference: int,
    wide: bool,
) -> Subject:
    """The push that the options describe; an error names the option to mend."""
    document, secret = _document(xml, json)
    method = method_of(security)
    if imsi is None and method in (Method.NETWPIN, Method.USERNETWPIN):
        raise BadInputError(f"--imsi: {security} makes its key from the IMSI; give it")
    known = dict(_named_value(text) for text in values or ())
    if imsi is not None:
        known["imsi"] = identities.imsi(imsi, "--imsi")
    if msisdn is not None:
        known["msisdn"] = identities.msisdn(msisdn, "--msisdn")
    asked = placeholders(document)
    missing = sorted(asked - known.keys())
    if missing:
        raise BadInputError(f"--value: the document asks for {{{missing[0]}}}; give --value {missing[0]}=TEXT")
    return Subject(
        profile=_profile(document, asked, security, wide=wide),
        method=method,
        imsi=imsi or "",
        pin=_pin(method, pin),
        values=known,
        reference=reference,
        secret=secret,
    )


def _document(xml: Path | None, json: Path | None) -> tuple[Document, frozenset[int]]:
    """The document, and which of its parameters are secret."""
    path = xml or json
    if path is None or (xml and json):
        raise BadInputError("give either --xml FILE (a provisioning document) or --json FILE (neutral settings)")
    try:
        if xml:
            document = client_provisioning.decode_xml(read_octets(path))
            return document, secret_parms.of_document(document)
        neutral = settings.decode(read_octets(path))
        return to_document(neutral), secret_parms.of_settings(neutral)
    except (DecodeError, EncodeError) as error:
        raise BadInputError(f"{path}: {error}") from error


def _profile(document: Document, asked: frozenset[str], security: SecurityName, *, wide: bool) -> Profile:
    """The document as the way of a push takes it."""
    reason = "asked for on the command line" if security == "none" else None
    policy = DeliveryPolicy(security=security, unprotected_reason=reason, wide_reference=wide)
    return Profile("", 0, 0, policy, document, asked, None)


def _named_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadInputError(f"--value: NAME=TEXT expected, such as ppp_user=alice; got {text!r}")
    return name, value


def _pin(method: Method | None, pin: str | None) -> str | None:
    """The PIN that the key or the user needs; USERPINMAC documents are the same with and without."""
    if method is Method.USERPINMAC and pin is None:
        return None
    return checked_pin(method, pin)
