"""The neutral settings: what a device shall be set to, whatever format carries it there.

One model, many encoders: `client_provisioning_settings.to_document` and its neighbours turn `Settings` into documents.
Text that reaches the handset may hold placeholders such as "{msisdn}" (see `template`), filled in per subscriber.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from encoders.errors import DecodeError, EncodeError
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Application, ProxyIds
from encoders.settings_part import CountryCode, ExtraParms, Identifier, Part, PortNumber, Text, Uint32, Url, masked
from encoders.settings_proxy import AccessPointIds, Domains, Proxy

__all__ = [
    "AccessRule",
    "Bootstrap",
    "Settings",
    "VendorBlock",
    "VendorConfiguration",
    "checked",
    "decode",
    "encode",
    "masked",
]


class Bootstrap(Part, frozen=True, kw_only=True):
    """The trust relation: which provisioning server may set this handset again, and how it is reached."""

    name: Annotated[Text | None, Meta(description="Name of the configuration context, shown to the user")] = None
    provisioning_url: Annotated[
        Url | None,
        Meta(
            description="Address of the trusted provisioning server; only in a document protected by a MAC",
            examples=["tps.operator.example"],
        ),
    ] = None
    country: Annotated[CountryCode | None, Meta(description="Mobile country code, 3 digits")] = None
    networks: Annotated[tuple[Text, ...], Meta(description="Mobile network codes or system identities")] = ()
    proxies: ProxyIds = ()
    contexts_allowed: Annotated[
        Uint32 | None, Meta(description="Further configuration contexts the handset may accept")
    ] = None


class AccessRule(Part, frozen=True, kw_only=True):
    """Which access points or proxies serve some applications, ports or domains; the first rule that fits holds."""

    name: Annotated[Text | None, Meta(description="Name of the rule")] = None
    app_ids: Annotated[tuple[Text, ...], Meta(description="APPIDs it is for", examples=[["w4"]])] = ()
    ports: Annotated[tuple[PortNumber, ...], Meta(description="Destination ports it is for")] = ()
    domains: Domains = ()
    access_points: AccessPointIds = ()
    proxies: ProxyIds = ()


class VendorBlock(Part, frozen=True, kw_only=True):
    """A characteristic of a vendor's own."""

    type: Annotated[Identifier, Meta(pattern="^[!-z|~]+$", description="Type of the characteristic")]
    parms: ExtraParms = ()
    blocks: Annotated[tuple["VendorBlock", ...], Meta(description="Characteristics inside it")] = ()


class VendorConfiguration(Part, frozen=True, kw_only=True):
    """Settings for one vendor's handsets; the others skip them."""

    name: Annotated[Text, Meta(description="Name of the vendor or extension")]
    parms: ExtraParms = ()
    blocks: Annotated[tuple[VendorBlock, ...], Meta(description="Characteristics inside it")] = ()


class Settings(Part, frozen=True, kw_only=True):
    """Everything to set on a device."""

    name: Annotated[Text, Meta(description="Name of these settings", examples=["Internet and MMS"])]
    access_points: Annotated[tuple[AccessPoint, ...], Meta(description="Ways into the network")] = ()
    proxies: Annotated[tuple[Proxy, ...], Meta(description="Gateways and proxies")] = ()
    applications: Annotated[tuple[Application, ...], Meta(description="Browser, MMS, mail and others")] = ()
    bootstraps: Annotated[tuple[Bootstrap, ...], Meta(description="Trusted provisioning servers")] = ()
    client_identity: Annotated[Text | None, Meta(description="Identity this server gives the handset")] = None
    access_rules: Annotated[tuple[AccessRule, ...], Meta(description="Rules, tried in order")] = ()
    vendor_configurations: Annotated[tuple[VendorConfiguration, ...], Meta(description="For single vendors")] = ()


_DECODER = msgspec.json.Decoder(Settings)


def decode(octets: bytes) -> Settings:
    """Settings from JSON; the text of a `DecodeError` leads with the field, such as `proxies[0].addresses[0].id`."""
    try:
        return _DECODER.decode(octets)
    except msgspec.ValidationError as error:
        raise DecodeError(_field_first(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"settings: {error}") from error


def encode(settings: Settings) -> bytes:
    """Canonical JSON, the same for equal settings: fields in the order of the model, defaults and blanks left out."""
    return msgspec.json.encode(checked(settings))


def checked(settings: Settings) -> Settings:
    """Equal settings whose every field is of its type and within its limits, or `EncodeError`.

    The structs check what is decoded, not what Python code puts into them.
    """
    try:
        return msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError as error:
        raise EncodeError(_field_first(error)) from error
    except (TypeError, RecursionError) as error:
        raise EncodeError(f"settings: {error}") from error


def _field_first(error: msgspec.ValidationError) -> str:
    """'Expected `int` >= 1 - at `$.proxies[0].id`' with the place in front."""
    rule, _, place = str(error).rpartition(" - at `$")
    return f"{place.strip('.`') or 'settings'}: {rule}" if rule else f"settings: {error}"
