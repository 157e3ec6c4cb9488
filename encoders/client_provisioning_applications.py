"""Applications of the neutral settings as APPLICATION characteristics, each as its APPID is registered."""

from collections.abc import Iterator
from typing import get_args

from encoders.client_provisioning_block import Block, address_type, port_block
from encoders.errors import EncodeError
from encoders.settings_application import (
    Application,
    Bookmark,
    Browser,
    Credential,
    Database,
    DataSync,
    DeviceManagement,
    InstantMessaging,
    Login,
    Mail,
    MailServer,
    Mms,
    OtherApplication,
    Resource,
    Server,
    SyncType,
)
from encoders.settings_proxy import Port

_OWN_PARMS = frozenset({"APPID", "PROVIDER-ID", "NAME", "AACCEPT", "APROTOCOL", "TO-PROXY", "TO-NAPID", "ADDR"})
"""Parms of any APPLICATION, for which the settings have fields."""
_SYNC_TYPES = {name: number for number, name in enumerate(get_args(SyncType), start=1)}

# fmt: off
# APPID and, plain and with TLS, the port that is also the name of the SERVICE
_MAIL = {
    "SMTP":  ("25",  25,  465),
    "POP3":  ("110", 110, 995),
    "IMAP4": ("143", 143, 993),
}
# fmt: on


def application_blocks(application: Application, path: str) -> Iterator[Block]:
    """One APPLICATION, or two for mail that is both fetched and sent; `path` is the place in the settings."""
    match application:
        case Browser():
            yield _browser(application, path)
        case Mms():
            yield _mms(application, path)
        case DataSync():
            yield _data_sync(application, path)
        case DeviceManagement():
            yield _device_management(application, path)
        case Mail():
            yield from _mail(application, path)
        case InstantMessaging():
            yield _instant_messaging(application, path)
        case OtherApplication():
            yield _other(application, path)


def _browser(browser: Browser, path: str) -> Block:
    block = _application("w2", browser, path)
    block.extras(browser.parms, _OWN_PARMS)
    if browser.home_page:
        block.place(_bookmark(browser.home_page, f"{path}.home_page", home_page=True))
    for index, bookmark in enumerate(browser.bookmarks):
        block.place(_bookmark(bookmark, f"{path}.bookmarks[{index}]", home_page=False))
    return block


def _mms(mms: Mms, path: str) -> Block:
    block = _application("w4", mms, path)
    block.uri("ADDR", "mmsc", mms.mmsc)
    block.text("CM", "creation_mode", mms.creation_mode)
    block.text("RM", "resubmission_mode", mms.resubmission_mode)
    block.word("MS", mms.max_size_kb)
    block.text("PC-ADDR", "postcard_address", mms.postcard_address)
    block.extras(mms.parms, _OWN_PARMS)
    return block


def _data_sync(sync: DataSync, path: str) -> Block:
    block = _application("w5", sync, path)
    block.uri("ADDR", "url", sync.url)
    block.extras(sync.parms, _OWN_PARMS)
    _add_one_server(block, sync)
    _add_credentials(block, sync.credentials)
    for index, database in enumerate(sync.databases):
        block.place(_resource(database, f"{path}.databases[{index}]"))
    return block


def _device_management(management: DeviceManagement, path: str) -> Block:
    block = _application("w7", management, path)
    block.uri("ADDR", "url", management.url)
    block.flag("INIT", management.start_now)
    block.extras(management.parms, _OWN_PARMS)
    _add_one_server(block, management)
    _add_credentials(block, management.credentials)
    return block


def _mail(mail: Mail, path: str) -> Iterator[Block]:
    """Fetching and sending; the PROVIDER-ID they share makes them one account."""
    if not (mail.incoming or mail.outgoing):
        raise EncodeError(f"{path}: mail needs `incoming`, `outgoing` or both")
    if mail.incoming:
        block = _application(_MAIL[mail.incoming.protocol][0], mail, path)
        block.extras(mail.parms, _OWN_PARMS)
        _add_mail_server(block, mail.incoming, f"{path}.incoming", mail.incoming.protocol)
        yield block
    if mail.outgoing:
        block = _application(_MAIL["SMTP"][0], mail, path)
        block.text("FROM", "address", mail.address)
        block.extras(mail.parms, _OWN_PARMS)
        _add_mail_server(block, mail.outgoing, f"{path}.outgoing", "SMTP")
        yield block


def _instant_messaging(messaging: InstantMessaging, path: str) -> Block:
    block = _application("wA", messaging, path, messaging.content_types)
    _add_urls(block, messaging.urls)
    block.text("SERVICES", "services", messaging.services)
    block.text("CIDPREFIX", "client_id_prefix", messaging.client_id_prefix)
    block.extras(messaging.parms, _OWN_PARMS)
    _add_credentials(block, messaging.credentials)
    return block


def _other(other: OtherApplication, path: str) -> Block:
    block = _application(other.app_id, other, path, other.content_types, other.protocol)
    _add_urls(block, other.urls)
    block.extras(other.parms, _OWN_PARMS)
    for index, server in enumerate(other.servers):
        block.place(_appaddr(server, f"{path}.servers[{index}]"))
    _add_credentials(block, other.credentials)
    for index, resource in enumerate(other.resources):
        block.place(_resource(resource, f"{path}.resources[{index}]", home_page=resource.home_page))
    return block


def _application(
    app_id: str, application: Application, path: str, content_types: tuple[str, ...] = (), protocol: str | None = None
) -> Block:
    block = Block("APPLICATION", path)
    block.text("APPID", "app_id", app_id)
    block.text("PROVIDER-ID", "provider_id", application.provider_id)
    block.text("NAME", "name", application.name)
    _add_accept(block, content_types)
    block.text("APROTOCOL", "protocol", protocol)
    block.texts("TO-PROXY", "proxies", application.proxies)
    block.texts("TO-NAPID", "access_points", application.access_points)
    return block


def _bookmark(bookmark: Bookmark, path: str, *, home_page: bool) -> Block:
    block = Block("RESOURCE", path)
    block.uri("URI", "url", bookmark.url)
    block.text("NAME", "name", bookmark.name)
    _add_login(block, bookmark.login)
    block.flag("STARTPAGE", home_page)
    return block


def _resource(resource: Database | Resource, path: str, *, home_page: bool = False) -> Block:
    block = Block("RESOURCE", path)
    block.uri("URI", "uri", resource.uri)
    block.text("NAME", "name", resource.name)
    _add_accept(block, resource.content_types)
    _add_login(block, resource.login)
    block.flag("STARTPAGE", home_page)
    block.text("CLIURI", "client_uri", resource.client_uri)
    block.word("SYNCTYPE", _SYNC_TYPES[resource.sync_type] if resource.sync_type else None)
    return block


def _add_urls(block: Block, urls: tuple[str, ...]) -> None:
    for index, url in enumerate(urls):
        block.uri("ADDR", f"urls[{index}]", url)


def _add_accept(block: Block, content_types: tuple[str, ...]) -> None:
    if content_types:
        block.text("AACCEPT", "content_types", ",".join(content_types))


def _add_login(block: Block, login: Login | None, field: str = "login.") -> None:
    if login:
        block.text("AAUTHTYPE", f"{field}methods", ",".join(login.methods) if login.methods else None)
        block.text("AAUTHNAME", f"{field}user", login.user)
        block.text("AAUTHSECRET", f"{field}password", login.password)
        block.text("AAUTHDATA", f"{field}data", login.data)


def _add_credentials(block: Block, credentials: tuple[Credential, ...]) -> None:
    for index, credential in enumerate(credentials):
        appauth = Block("APPAUTH", f"{block.path}.credentials[{index}]")
        appauth.word("AAUTHLEVEL", credential.level)
        _add_login(appauth, credential, field="")
        block.place(appauth)


def _add_one_server(block: Block, application: DataSync | DeviceManagement) -> None:
    if (application.url is None) == (application.server is None):
        raise EncodeError(f"{block.path}: give either `url` or `server`")
    if application.server:
        block.place(_appaddr(application.server, f"{block.path}.server"))


def _add_mail_server(block: Block, server: MailServer, path: str, protocol: str) -> None:
    _, plain, tls = _MAIL[protocol]
    service = tls if server.tls else plain
    port = Port(number=server.port or service, services=(str(service),))
    block.place(_appaddr(Server(address=server.address, ports=(port,)), path))
    if server.login:
        appauth = Block("APPAUTH", path)
        _add_login(appauth, server.login)
        block.place(appauth)


def _appaddr(server: Server, path: str) -> Block:
    block = Block("APPADDR", path)
    block.text("ADDR", "address", server.address)
    block.word("ADDRTYPE", address_type(f"{path}.address", server.address, server.address_type))
    for index, port in enumerate(server.ports):
        block.place(port_block(port, f"{path}.ports[{index}]"))
    return block
