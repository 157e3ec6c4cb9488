"""`encode` and `decode`: provisioning documents between XML and WBXML."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from encoders import client_provisioning
from encoders.client_provisioning import Document
from encoders.client_provisioning_model import Severity, validate
from encoders.errors import DecodeError, EncodeError
from encoders.wbxml_tokens import VERSION_1_3
from tps.commands.terminal import BAD_INPUT, BadInputError, notes, read_octets, write_octets

Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here, not to the screen.")]
Check = Annotated[
    bool, typer.Option("--check", help="Hold the document to the standard: findings on stderr, status 2 for an error.")
]


def encode(
    file: Annotated[Path, typer.Argument(metavar="FILE.xml", help="Provisioning document; - is standard input.")],
    output: Output = None,
    hexadecimal: Annotated[bool, typer.Option("--hex", help="Upper-case hexadecimal text, not octets.")] = False,
    check: Check = False,
) -> None:
    """Turn a provisioning document from XML into WBXML, the form that handsets get.

    Example: tps encode internet.xml --hex
    """
    try:
        document = client_provisioning.decode_xml(read_octets(file))
        octets = client_provisioning.encode(document)
    except (DecodeError, EncodeError) as error:
        raise BadInputError(f"{file}: {error}") from error
    if hexadecimal:
        octets = octets.hex().upper().encode() + b"\n"
    elif output is None and sys.stdout.isatty():
        raise BadInputError("WBXML is no text for a terminal: use --hex, or -o FILE")
    write_octets(octets, output)
    if check:
        _report(document)


def decode(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="WBXML as octets or as hexadecimal text; - is standard input.")
    ],
    output: Output = None,
    check: Check = False,
) -> None:
    """Turn a provisioning document from WBXML into XML, the form that people read.

    Example: tps decode internet.wbxml
    """
    try:
        document = client_provisioning.decode(_octets(read_octets(file)))
        text = client_provisioning.encode_xml(document)
    except (DecodeError, EncodeError) as error:
        raise BadInputError(f"{file}: {error}") from error
    write_octets(text, output)
    if check:
        _report(document)


def _octets(content: bytes) -> bytes:
    """The octets themselves, or what hexadecimal text spells: WBXML begins with its version, which no text does."""
    if not content or content[0] <= VERSION_1_3:
        return content
    try:
        return bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise DecodeError("neither WBXML (first octet 00 to 03) nor hexadecimal text") from error


def _report(document: Document) -> None:
    """Findings on stderr; ends with status 2 where one of them is an error."""
    findings = validate(document)
    console = notes()
    for finding in findings:
        console.print(f"{finding.severity.name.lower()}: {finding}", soft_wrap=True)
    if not findings:
        console.print("no findings")
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(BAD_INPUT)
