"""Neutral settings to a client provisioning document (OMA-TS-WAP_ProvCont 1.1).

Characteristics and parms come in the order of the content model. What handsets take in different ways when it is left
out is always sent: BEARER, NAP-ADDRTYPE, PXADDRTYPE, AUTHTYPE and PHYSICAL-PROXY-ID. Placeholders, and braces doubled
to stand for themselves, stay in the document until `fill`; a document without braces is the same for all subscribers.
"""

import operator
from collections.abc import Iterator, Mapping

from encoders import template
from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_access_points import napdef
from encoders.client_provisioning_applications import application_blocks
from encoders.client_provisioning_block import Block, verify_characters
from encoders.client_provisioning_proxies import pxlogical
from encoders.errors import EncodeError
from encoders.settings import AccessRule, Bootstrap, Settings, VendorBlock, VendorConfiguration, checked
from encoders.settings_links import verify_links

VERSION = "1.0"
"""The one version that has a token (0x46), and every client takes it."""
VENDOR_BLOCK_DEPTH_MAX = 8


def to_document(settings: Settings) -> Document:
    """The document that sets a handset so; an `EncodeError` leads with the field that cannot be said or sent."""
    settings = checked(settings)
    verify_links(settings)
    blocks = tuple([block.characteristic() for block in _blocks(settings)])
    if not blocks:
        raise EncodeError("settings: nothing to set; give an access point, a proxy or an application")
    return Document(blocks, VERSION)


def placeholders(document: Document) -> frozenset[str]:
    """Names of the values that `fill` needs."""
    found: set[str] = set()
    waiting: list[Parm | Characteristic] = list(document.items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Characteristic):
            waiting.extend(item.items)
        elif item.value:
            found |= template.placeholders(item.value)
    return frozenset(found)


def fill(document: Document, values: Mapping[str, str]) -> Document:
    """The document with its placeholders replaced, other parts shared; `EncodeError` names a missing value."""
    items = tuple([_filled(item, values) for item in document.items])
    unchanged = all(map(operator.is_, items, document.items))
    return document if unchanged else Document(items, document.version)


def _filled(block: Characteristic, values: Mapping[str, str]) -> Characteristic:
    items: list[Parm | Characteristic] | None = None
    for index, item in enumerate(block.items):
        filled = _filled(item, values) if isinstance(item, Characteristic) else _filled_parm(item, values)
        if filled is not item:
            items = items or list(block.items)
            items[index] = filled
    return block if items is None else Characteristic(block.type, tuple(items))


def _filled_parm(parm: Parm, values: Mapping[str, str]) -> Parm:
    if parm.value is None or not template.is_template(parm.value):
        return parm
    try:
        value = template.fill(parm.value, values)
    except EncodeError as error:
        raise EncodeError(f"{parm.name}: {error}") from error
    verify_characters(parm.name, value)
    return Parm(parm.name, value)


def _blocks(settings: Settings) -> Iterator[Block]:
    for index, proxy in enumerate(settings.proxies):
        yield pxlogical(proxy, f"proxies[{index}]")
    for index, point in enumerate(settings.access_points):
        yield napdef(point, f"access_points[{index}]")
    for index, bootstrap in enumerate(settings.bootstraps):
        yield _bootstrap(bootstrap, f"bootstraps[{index}]")
    if settings.client_identity is not None:
        identity = Block("CLIENTIDENTITY", path="")
        identity.text("CLIENT-ID", "client_identity", settings.client_identity)
        yield identity
    for index, vendor in enumerate(settings.vendor_configurations):
        yield _vendorconfig(vendor, f"vendor_configurations[{index}]")
    for index, application in enumerate(settings.applications):
        yield from application_blocks(application, f"applications[{index}]")
    if settings.access_rules:
        yield _access(settings.access_rules)


def _bootstrap(bootstrap: Bootstrap, path: str) -> Block:
    block = Block("BOOTSTRAP", path)
    block.uri("PROVURL", "provisioning_url", bootstrap.provisioning_url)
    block.texts("NETWORK", "networks", bootstrap.networks)
    block.word("COUNTRY", bootstrap.country)
    block.texts("PROXY-ID", "proxies", bootstrap.proxies)
    block.text("NAME", "name", bootstrap.name)
    block.word("CONTEXT-ALLOW", bootstrap.contexts_allowed)
    return block


def _vendorconfig(vendor: VendorConfiguration, path: str) -> Block:
    block = Block("VENDORCONFIG", path)
    block.text("NAME", "name", vendor.name)
    block.extras(vendor.parms)
    _add_vendor_blocks(block, vendor.blocks, depth=1)
    return block


def _add_vendor_blocks(block: Block, inner: tuple[VendorBlock, ...], depth: int) -> None:
    if inner and depth > VENDOR_BLOCK_DEPTH_MAX:
        raise EncodeError(f"{block.path}.blocks: deeper than {VENDOR_BLOCK_DEPTH_MAX} blocks inside each other")
    for index, vendor_block in enumerate(inner):
        path = f"{block.path}.blocks[{index}]"
        verify_characters(f"{path}.type", vendor_block.type)
        within = Block(vendor_block.type, path)
        within.extras(vendor_block.parms)
        _add_vendor_blocks(within, vendor_block.blocks, depth + 1)
        block.place(within)


def _access(rules: tuple[AccessRule, ...]) -> Block:
    """One ACCESS whose RULE parms each open an alternative; the parms up to the next RULE belong to it."""
    block = Block("ACCESS", "access_rules")
    for index, rule in enumerate(rules):
        block.path = f"access_rules[{index}]"
        if rule.name is None:
            block.flag("RULE", on=True)
        block.text("RULE", "name", rule.name)
        block.texts("APPID", "app_ids", rule.app_ids)
        for port in rule.ports:
            block.word("PORTNBR", port)
        block.texts("DOMAIN", "domains", rule.domains)
        block.texts("TO-NAPID", "access_points", rule.access_points)
        block.texts("TO-PROXY", "proxies", rule.proxies)
    return block
