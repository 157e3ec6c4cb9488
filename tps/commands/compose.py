"""`compose`: a document as the SMS that carry it."""

import typer

from bootstrap import mac
from bootstrap.mac import Method
from tps.commands import push_options
from tps.commands.terminal import notes
from tps.delivery.compose import stages_of


def compose(
    xml: push_options.Xml = None,
    json: push_options.Json = None,
    value: push_options.Values = None,
    sec: push_options.Sec = "netwpin",
    imsi: push_options.Imsi = None,
    msisdn: push_options.Msisdn = None,
    pin: push_options.Pin = None,
    ref: push_options.Reference = 1,
    ref16: push_options.WideReference = False,
) -> None:
    """Turn a document into the SMS that carry it: a line each, user data header and data in hexadecimal.

    Example: tps compose --xml internet.xml --sec netwpin --imsi 001010123456789
    """
    subject = push_options.subject(
        xml=xml, json=json, values=value, security=sec, imsi=imsi, msisdn=msisdn, pin=pin, reference=ref, wide=ref16
    )
    composed = stages_of(
        subject.profile,
        reference=subject.reference,
        method=subject.method,
        imsi=subject.imsi,
        pin=subject.pin,
        values=subject.values,
    )
    for segment in composed.segments:
        typer.echo(segment.hex().upper())
    if subject.method is Method.USERPINMAC and subject.pin is not None:
        notes().print(f"PIN to tell the user: {mac.userpinmac_pin(subject.pin, composed.wbxml)}")
