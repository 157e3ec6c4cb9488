"""Nokia/Ericsson Over The Air Settings 7.0: browser settings and bookmarks <-> WBXML, and as XML to be read.

For handsets older than OMA client provisioning. There is no PIN and no MAC: the user is asked, and that is all. How
the octets travel (WSP push to port 49999) is `bootstrap.push.ota_settings_segments`.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator

from encoders import browser_settings_tokens as tokens
from encoders import wbxml
from encoders.browser_settings_model import ADDRESS_PARMS, Address, Bookmark, BrowserSettings
from encoders.errors import DecodeError, EncodeError
from encoders.wbxml import Element, Value
from encoders.wbxml_vocabulary import Vocabulary
from encoders.xml_text import escaped

__all__ = [
    "MEDIA_TYPE_BOOKMARKS",
    "MEDIA_TYPE_SETTINGS",
    "Address",
    "Bookmark",
    "BrowserSettings",
    "decode",
    "encode",
    "encode_xml",
    "media_type",
]

MEDIA_TYPE_SETTINGS = "application/x-wap-prov.browser-settings"
MEDIA_TYPE_BOOKMARKS = "application/x-wap-prov.browser-bookmarks"

VOCABULARY = Vocabulary(
    public_id=tokens.PUBLIC_ID,
    tags=tokens.TAGS,
    attribute_starts=tokens.ATTRIBUTE_STARTS,
    attribute_values=(),
)

_ROOT, _CHARACTERISTIC, _PARM = "CHARACTERISTIC-LIST", "CHARACTERISTIC", "PARM"
_PORT_MAX = 0xFFFF
_PORT = re.compile("[1-9][0-9]{0,4}")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DOCTYPE = f'<!DOCTYPE {_ROOT} SYSTEM "{tokens.SYSTEM_ID}">\n'


def media_type(settings: BrowserSettings) -> str:
    """The content type under which handsets take this document."""
    return MEDIA_TYPE_BOOKMARKS if settings == BrowserSettings(bookmarks=settings.bookmarks) else MEDIA_TYPE_SETTINGS


def encode(settings: BrowserSettings) -> bytes:
    """The document in WBXML 1.1 without string table, as the handsets of its time expect; `EncodeError` names a field.

    A value that begins like one with a token is still written whole, though WBXML could continue the token: handsets
    look values up by token.
    """
    return wbxml.encode_plainly(_root(settings), VOCABULARY)


def encode_xml(settings: BrowserSettings) -> bytes:
    """The document as indented XML in UTF-8, icons in base64; `EncodeError` for what XML has no way to write."""
    return (_DECLARATION + _DOCTYPE + "".join(_lines(_root(settings), ""))).encode()


def _lines(element: Element, indent: str) -> Iterator[str]:
    attributes = "".join(f' {name}="{_xml_value(value)}"' for name, value in element.attributes)
    if not element.content:
        yield f"{indent}<{element.name}{attributes}/>\n"
        return
    yield f"{indent}<{element.name}{attributes}>\n"
    for child in element.content:
        assert isinstance(child, Element), "this document type holds elements only"
        yield from _lines(child, indent + "  ")
    yield f"{indent}</{element.name}>\n"


def _xml_value(value: Value) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else escaped(value)


def _root(settings: BrowserSettings) -> Element:
    """The document as a tree, in the order of the standard's samples."""
    content = list(_characteristics(settings))
    if not content:
        raise EncodeError("browser settings: nothing to set; give an address, a home page or a bookmark")
    return Element(_ROOT, (), tuple(content))


def _characteristics(settings: BrowserSettings) -> Iterator[Element]:
    for index, address in enumerate(settings.addresses):
        yield _characteristic("ADDRESS", _address_parms(address, f"addresses[{index}]"))
    for type_, url in (("URL", settings.home_page), ("MMSURL", settings.mmsc)):
        if url is not None:
            yield Element(_CHARACTERISTIC, (("TYPE", type_), ("VALUE", url)))
    for type_, name in (("NAME", settings.name), ("ID", settings.identifier)):
        if name is not None:
            yield _characteristic(type_, [("NAME", name)])
    for bookmark in settings.bookmarks:
        icon = () if bookmark.icon is None else (("ICON", bookmark.icon),)
        yield _characteristic("BOOKMARK", (("NAME", bookmark.name), ("URL", bookmark.url), *icon))


def _characteristic(type_: str, parms: Iterable[tuple[str, Value]]) -> Element:
    content = tuple(Element(_PARM, (("NAME", name), ("VALUE", value))) for name, value in parms)
    return Element(_CHARACTERISTIC, (("TYPE", type_),), content)


def _address_parms(address: Address, path: str) -> Iterator[tuple[str, str]]:
    for name, field, words in ADDRESS_PARMS:
        value = getattr(address, field)
        if value is None:
            continue
        if words and value not in words:
            raise EncodeError(f"{path}.{field}: {' or '.join(words)} expected; got {value!r}")
        if name == "PORT" and not 0 < value <= _PORT_MAX:
            raise EncodeError(f"{path}.{field}: 1 to {_PORT_MAX} expected; got {value}")
        yield name, str(value)


def decode(octets: bytes) -> BrowserSettings:
    """What WBXML 1.0 to 1.3 octets set; `DecodeError` also for a characteristic or parm that the standard lacks."""
    root = wbxml.decode(octets, VOCABULARY)
    if root.name != _ROOT:
        raise DecodeError(f"root element {root.name!r}; {_ROOT!r} expected")
    wbxml.attributes_of(root, frozenset())
    addresses: list[Address] = []
    bookmarks: list[Bookmark] = []
    texts: dict[str, str] = {}
    for type_, value, parms in map(_read_characteristic, wbxml.elements_of(root)):
        if value is not None and type_ not in _WITH_VALUE:
            raise DecodeError(f"{type_}: VALUE beside TYPE; only {' and '.join(sorted(_WITH_VALUE))} have one")
        if type_ == "ADDRESS":
            addresses.append(_address(parms))
        elif type_ == "BOOKMARK":
            bookmarks.append(_bookmark(parms))
        elif type_ not in _TEXTS:
            raise DecodeError(f"{_CHARACTERISTIC} of the unknown TYPE {type_!r}")
        else:
            if _TEXTS[type_] in texts:
                raise DecodeError(f"{type_} given twice")
            texts[_TEXTS[type_]] = _text(value if type_ in _WITH_VALUE else parms.pop("NAME", None), type_)
            _refuse_others(parms, type_)
    if not (addresses or bookmarks or texts):
        raise DecodeError(f"{_ROOT} without content")
    return BrowserSettings(addresses=tuple(addresses), bookmarks=tuple(bookmarks), **texts)


_TEXTS = {"URL": "home_page", "MMSURL": "mmsc", "NAME": "name", "ID": "identifier"}
"""Type to the field of its one text."""
_WITH_VALUE = frozenset({"URL", "MMSURL"})
"""Types whose text is the VALUE of the characteristic; that of the others is the parm NAME."""


def _read_characteristic(element: Element) -> tuple[str, Value | None, dict[str, Value]]:
    """TYPE, VALUE and parms of a characteristic, each parm at most once."""
    if element.name != _CHARACTERISTIC:
        raise DecodeError(f"element {element.name!r}; {_CHARACTERISTIC!r} expected")
    attributes = wbxml.attributes_of(element, frozenset({"TYPE", "VALUE"}))
    type_ = _text(attributes.get("TYPE"), f"TYPE of a {_CHARACTERISTIC}")
    parms: dict[str, Value] = {}
    for child in wbxml.elements_of(element):
        if child.name != _PARM or child.content:
            raise DecodeError(f"{type_}: element {child.name!r}; a {_PARM!r} without content expected")
        parm = wbxml.attributes_of(child, frozenset({"NAME", "VALUE"}))
        name = _text(parm.get("NAME"), f"{type_}: NAME of a {_PARM}")
        if name in parms:
            raise DecodeError(f"{type_}: {name} given twice")
        parms[name] = parm.get("VALUE", "")
    return type_, attributes.get("VALUE"), parms


def _address(parms: dict[str, Value]) -> Address:
    fields: dict[str, str | int] = {}
    for name, field, words in ADDRESS_PARMS:
        if name not in parms:
            continue
        value = _text(parms.pop(name), name)
        if words and value not in words:
            raise DecodeError(f"{name}: {' or '.join(words)} expected; got {value!r}")
        fields[field] = _port(value) if name == "PORT" else value
    _refuse_others(parms, "ADDRESS")
    if "bearer" not in fields:
        raise DecodeError("ADDRESS without BEARER")
    return Address(**fields)  # type: ignore[arg-type]  # the words were compared with those of the field


def _port(value: str) -> int:
    if _PORT.fullmatch(value) is None or not 0 < int(value) <= _PORT_MAX:
        raise DecodeError(f"PORT: 1 to {_PORT_MAX} expected; got {value!r}")
    return int(value)


def _bookmark(parms: dict[str, Value]) -> Bookmark:
    name, url = (_text(parms.pop(parm, None), f"{parm} of a BOOKMARK") for parm in ("NAME", "URL"))
    icon = parms.pop("ICON", None)
    if isinstance(icon, str):
        raise DecodeError(f"ICON of a BOOKMARK: octets expected; got the text {icon!r}")
    _refuse_others(parms, "BOOKMARK")
    return Bookmark(name=name, url=url, icon=icon)


def _text(value: Value | None, what: str) -> str:
    if not isinstance(value, str):
        raise DecodeError(f"{what}: {'missing' if value is None else 'OPAQUE octets; text expected'}")
    return value


def _refuse_others(parms: dict[str, Value], type_: str) -> None:
    if parms:
        raise DecodeError(f"{type_}: unknown {_PARM} {next(iter(parms))!r}")
