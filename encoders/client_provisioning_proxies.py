"""Proxies of the neutral settings as PXLOGICAL characteristics."""

from collections.abc import Iterator

from encoders.client_provisioning_block import Block, address_type, port_block
from encoders.errors import EncodeError
from encoders.settings_proxy import PhysicalProxy, Proxy, ProxyAuthentication


def pxlogical(proxy: Proxy, path: str) -> Block:
    """PXLOGICAL with its PXAUTHINFO, PORT and PXPHYSICAL; `path` is the place of `proxy` in the settings."""
    block = Block("PXLOGICAL", path)
    block.text("PROXY-ID", "id", proxy.id)
    block.text("PROXY-PW", "password", proxy.password)
    block.word("PPGAUTH-TYPE", proxy.push_authentication)
    block.text("PROXY-PROVIDER-ID", "provider_id", proxy.provider_id)
    block.text("NAME", "name", proxy.name)
    block.texts("DOMAIN", "domains", proxy.domains)
    block.flag("TRUST", proxy.trusted)
    block.flag("MASTER", proxy.master)
    block.uri("STARTPAGE", "home_page", proxy.home_page)
    block.text("BASAUTH-ID", "home_page_user", proxy.home_page_user)
    block.text("BASAUTH-PW", "home_page_password", proxy.home_page_password)
    block.word("WSP-VERSION", proxy.wsp_version)
    block.switch("PUSHENABLED", proxy.push_enabled)
    block.switch("PULLENABLED", proxy.pull_enabled)
    for index, authentication in enumerate(proxy.authentications):
        block.place(_pxauthinfo(authentication, f"{path}.authentications[{index}]"))
    for index, port in enumerate(proxy.ports):
        block.place(port_block(port, f"{path}.ports[{index}]"))
    for index, (identity, address) in enumerate(_identified(proxy, path)):
        block.place(_pxphysical(address, identity, f"{path}.addresses[{index}]"))
    return block


def _identified(proxy: Proxy, path: str) -> Iterator[tuple[str, PhysicalProxy]]:
    """Each address with its PHYSICAL-PROXY-ID: its own, or its place in the list."""
    identities: set[str] = set()
    for index, address in enumerate(proxy.addresses):
        identity = address.id or str(index + 1)
        if identity in identities:
            raise EncodeError(f"{path}.addresses[{index}].id: {identity!r} is the id of an earlier address too")
        identities.add(identity)
        yield identity, address


def _pxauthinfo(authentication: ProxyAuthentication, path: str) -> Block:
    block = Block("PXAUTHINFO", path)
    block.word("PXAUTH-TYPE", authentication.method)
    block.text("PXAUTH-ID", "user", authentication.user)
    block.text("PXAUTH-PW", "password", authentication.password)
    return block


def _pxphysical(address: PhysicalProxy, identity: str, path: str) -> Block:
    block = Block("PXPHYSICAL", path)
    block.text("PHYSICAL-PROXY-ID", "id", identity)
    block.texts("DOMAIN", "domains", address.domains)
    block.text("PXADDR", "address", address.address)
    block.word("PXADDRTYPE", address_type(f"{path}.address", address.address, address.address_type) or "ALPHA")
    block.text("PXADDR-FQDN", "host_name", address.host_name)
    block.word("WSP-VERSION", address.wsp_version)
    block.switch("PUSHENABLED", address.push_enabled)
    block.switch("PULLENABLED", address.pull_enabled)
    block.texts("TO-NAPID", "access_points", address.access_points)
    for index, port in enumerate(address.ports):
        block.place(port_block(port, f"{path}.ports[{index}]"))
    return block
