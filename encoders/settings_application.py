"""Applications of the neutral settings: browser, MMS, synchronisation, mail, messaging and any other."""

from typing import Annotated, Literal

from msgspec import Meta

from encoders.settings_part import ExtraParm, Identifier, Part, PortNumber, Secret, Text, Uint32, Url, UserName
from encoders.settings_proxy import AccessPointIds, Port

ProxyIds = Annotated[tuple[Identifier, ...], Meta(description="Ids of proxies to use, the preferred first")]
ContentTypes = Annotated[
    tuple[Text, ...], Meta(description="Content types, each with or without parameters", examples=[["text/x-vcard"]])
]
Methods = Annotated[
    tuple[Text, ...],
    Meta(
        description="Authentication methods, the preferred first: BASIC, DIGEST, HTTP-BASIC, HTTP-DIGEST, X509; "
        "for mail PLAIN, LOGIN, CRAM-MD5, DIGEST-MD5, APOP, POPB4SMTP",
        examples=[["DIGEST"]],
    ),
]
SyncType = Literal[
    "slow",
    "two-way",
    "one-way from client",
    "refresh from client",
    "one-way from server",
    "refresh from server",
]
"""Kinds of synchronisation in the order of their numbers, 1 to 6, in SYNCTYPE of APPLID w5."""


class Login(Part, frozen=True, kw_only=True):
    """How the handset proves itself to a service."""

    methods: Methods = ()
    user: Annotated[UserName | None, Meta(description="User name; may hold placeholders")] = None
    password: Annotated[Secret | None, Meta(description="Password")] = None
    data: Annotated[Secret | None, Meta(description="Further data of the method, such as a nonce in base64")] = None


class Credential(Login, frozen=True, kw_only=True):
    """A login, and whom it is for."""

    level: Annotated[
        Literal["APPSRV", "CLIENT", "OBEX"] | None,
        Meta(description="APPSRV: handset to server. CLIENT: server to handset. Left out: the transport (HTTP)"),
    ] = None


Credentials = Annotated[
    tuple[Credential, ...], Meta(description="How handset and server prove themselves to each other (APPAUTH)")
]


class Server(Part, frozen=True, kw_only=True):
    """A host and its ports."""

    address: Annotated[Url, Meta(description="Host name, IP address or URL", examples=["dm.example"])]
    address_type: Annotated[
        Literal["IPV4", "IPV6", "E164", "ALPHA", "APN", "SCODE", "TETRA-ITSI", "MAN", "OBEX"] | None,
        Meta(description="What kind of address it is; left out: IPV4 or IPV6 as it is written, otherwise not sent"),
    ] = None
    ports: Annotated[tuple[Port, ...], Meta(description="Ports of the service")] = ()


class Bookmark(Part, frozen=True, kw_only=True):
    """A page worth coming back to."""

    url: Annotated[Url, Meta(description="Address of the page", examples=["http://wap.example/"])]
    name: Annotated[Text | None, Meta(description="Title shown to the user")] = None
    login: Annotated[Login | None, Meta(description="How to log in to the page")] = None


class Database(Part, frozen=True, kw_only=True):
    """Something to keep in step, such as the contacts."""

    uri: Annotated[Url, Meta(description="Name of the database at the server", examples=["./contacts"])]
    name: Annotated[Text | None, Meta(description="Name shown to the user")] = None
    content_types: ContentTypes = ()
    client_uri: Annotated[Text | None, Meta(description="Name of the database in the handset")] = None
    sync_type: Annotated[SyncType | None, Meta(description="Kind of synchronisation")] = None
    login: Annotated[Login | None, Meta(description="How to log in to this database")] = None


class Resource(Database, frozen=True, kw_only=True):
    """A resource of any application."""

    home_page: Annotated[bool, Meta(description="This resource is the home page")] = False


class MailServer(Part, frozen=True, kw_only=True):
    """Where mail is fetched or handed in."""

    address: Annotated[Text, Meta(description="Host name or IP address", examples=["mail.example"])]
    port: Annotated[
        PortNumber | None,
        Meta(description="Left out: 25, 110 or 143; with TLS 465, 995 or 993"),
    ] = None
    tls: Annotated[bool, Meta(description="TLS from the first octet")] = False
    login: Annotated[Login | None, Meta(description="How to log in")] = None


class IncomingMail(MailServer, frozen=True, kw_only=True):
    """Where mail is fetched."""

    protocol: Annotated[Literal["IMAP4", "POP3"], Meta(description="How mail is fetched")] = "IMAP4"


class _Application(Part, frozen=True, kw_only=True):
    """What all applications share."""

    name: Annotated[Text | None, Meta(description="Name shown to the user")] = None
    provider_id: Annotated[
        Identifier | None,
        Meta(description="Identity of the service provider; with the application the key for later updates"),
    ] = None
    proxies: ProxyIds = ()
    access_points: AccessPointIds = ()
    parms: Annotated[
        tuple[ExtraParm, ...],
        Meta(description="Parameters this model has no field for; of mail, sent with both halves"),
    ] = ()


class Browser(_Application, frozen=True, kw_only=True, tag_field="kind", tag="browser"):
    """The browser (w2)."""

    home_page: Annotated[Bookmark | None, Meta(description="First page the browser shows")] = None
    bookmarks: Annotated[tuple[Bookmark, ...], Meta(description="Further pages")] = ()


class Mms(_Application, frozen=True, kw_only=True, tag_field="kind", tag="mms"):
    """Multimedia messages (w4)."""

    mmsc: Annotated[Url, Meta(description="Address of the MMSC", examples=["http://mmsc.example/mms"])]
    max_size_kb: Annotated[Uint32 | None, Meta(description="Largest message in kilobytes (MS)")] = None
    creation_mode: Annotated[Text | None, Meta(description="Creation mode (CM), as the application is registered")] = (
        None
    )
    resubmission_mode: Annotated[Text | None, Meta(description="Resubmission mode (RM), as it is registered")] = None
    postcard_address: Annotated[Text | None, Meta(description="Address of the postcard service (PC-ADDR)")] = None


class DataSync(_Application, frozen=True, kw_only=True, tag_field="kind", tag="data_sync"):
    """SyncML, OMA Data Synchronisation (w5)."""

    url: Annotated[Url | None, Meta(description="Address of the server; or give `server`")] = None
    server: Annotated[Server | None, Meta(description="Host and port of the server, instead of `url`")] = None
    credentials: Credentials = ()
    databases: Annotated[tuple[Database, ...], Meta(description="What to keep in step")] = ()


class DeviceManagement(_Application, frozen=True, kw_only=True, tag_field="kind", tag="device_management"):
    """OMA Device Management (w7)."""

    provider_id: Annotated[Identifier, Meta(description="Identity of the management server")]
    url: Annotated[Url | None, Meta(description="Address of the server; or give `server`")] = None
    server: Annotated[Server | None, Meta(description="Host and port of the server, instead of `url`")] = None
    credentials: Annotated[
        tuple[Credential, ...], Meta(description="Windows Mobile needs both APPSRV and CLIENT, the latter DIGEST")
    ] = ()
    start_now: Annotated[bool, Meta(description="Start a session as soon as the settings are stored (INIT)")] = False


class Mail(_Application, frozen=True, kw_only=True, tag_field="kind", tag="mail"):
    """A mail account: fetching (110 or 143), sending (25), or both."""

    provider_id: Annotated[Identifier, Meta(description="Identity of the account; it joins fetching and sending")]
    address: Annotated[Text | None, Meta(description="Mail address of the user", examples=["{msisdn}@example"])] = None
    incoming: Annotated[IncomingMail | None, Meta(description="Where mail is fetched")] = None
    outgoing: Annotated[MailServer | None, Meta(description="Where mail is handed in")] = None


class InstantMessaging(_Application, frozen=True, kw_only=True, tag_field="kind", tag="instant_messaging"):
    """IMPS, Wireless Village (wA)."""

    urls: Annotated[tuple[Url, ...], Meta(min_length=1, description="Addresses of the server")]
    content_types: ContentTypes = ()
    services: Annotated[Text | None, Meta(description="Services of the server (SERVICES)")] = None
    client_id_prefix: Annotated[Text | None, Meta(description="First part of client identities (CIDPREFIX)")] = None
    credentials: Credentials = ()


class OtherApplication(_Application, frozen=True, kw_only=True, tag_field="kind", tag="other"):
    """Any registered application."""

    app_id: Annotated[
        Text,
        Meta(
            description="Registered APPID: w and hexadecimal, a port number, or ap and four digits",
            examples=["554", "ap0004"],
        ),
    ]
    content_types: ContentTypes = ()
    protocol: Annotated[Text | None, Meta(description="Application protocol (APROTOCOL)")] = None
    urls: Annotated[tuple[Url, ...], Meta(description="Addresses of the service (ADDR)")] = ()
    servers: Annotated[tuple[Server, ...], Meta(description="Hosts and ports of the service (APPADDR)")] = ()
    credentials: Credentials = ()
    resources: Annotated[tuple[Resource, ...], Meta(description="What the service offers (RESOURCE)")] = ()


Application = Browser | Mms | DataSync | DeviceManagement | Mail | InstantMessaging | OtherApplication
