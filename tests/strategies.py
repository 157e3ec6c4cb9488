"""Hypothesis strategies for provisioning documents: known and unknown names, texts that share parts and tokens."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_content import CONTENT
from encoders.client_provisioning_tokens import ATTRIBUTE_VALUES

fewer_examples = settings(max_examples=max(25, settings().max_examples // 3))
"""A third of the profile's examples, for tests of which each example does much: whole settings are hundreds of draws
and try most fields at once, a peer is a process of its own."""

PARM_NAMES = sorted({parm.name for rule in CONTENT.values() for parm in rule.parms})
TYPES = sorted(CONTENT)
TOKEN_TEXTS = sorted({text for _, _, text in ATTRIBUTE_VALUES})

OTHER_NAMES = ["X", "Ma", "MBTYPE", "CLIURI", "VIDEO_MBOX_SUPPORT"]
"""Names without a token, none of them the continuation of one that has a token."""
OTHER_TYPES = ["WLAN", "SEC-SSID", "VendorX"]
WORDS = [
    "operator",
    "Operator",
    "internet",
    "mms",
    "wap",
    "com",
    "NAP1",
    "www.",
    "http://",
    "/",
    ".",
    " ",
    "10.1.1.1",
    "é",
]
"""What texts are put together from, so that they share parts as those of real documents do."""

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
"""Any character that a WBXML string can hold."""
plain_texts = st.lists(st.sampled_from([*WORDS, *TOKEN_TEXTS]), min_size=1, max_size=5).map("".join)
"""Texts as in real documents: printable, and nothing that XML would change."""
texts = plain_texts | st.text(characters, max_size=30)


def parms(values: st.SearchStrategy[str] = texts) -> st.SearchStrategy[Parm]:
    """Parms with known and unknown names; some are flags, some have an empty value."""
    return st.builds(
        Parm,
        st.sampled_from(PARM_NAMES) | st.sampled_from(OTHER_NAMES),
        st.none() | st.just("") | st.sampled_from(TOKEN_TEXTS) | values,
    )


def _characteristic(type_: str, items: Sequence[Parm | Characteristic]) -> Characteristic:
    return Characteristic(type_, tuple(items))


def characteristics(values: st.SearchStrategy[str] = texts) -> st.SearchStrategy[Characteristic]:
    """Characteristics with parms, and others inside, in any order."""
    types = st.sampled_from(TYPES) | st.sampled_from(OTHER_TYPES)
    flat = st.builds(_characteristic, types, st.lists(parms(values), max_size=6))
    return st.recursive(
        flat,
        lambda inner: st.builds(_characteristic, types, st.lists(parms(values) | inner, max_size=5)),
        max_leaves=6,
    )


def documents(values: st.SearchStrategy[str] = texts, *, min_size: int = 0) -> st.SearchStrategy[Document]:
    """Documents of up to five characteristics, whether the content model allows them or not."""
    return st.builds(
        lambda items, version: Document(tuple(items), version),
        st.lists(characteristics(values), min_size=min_size, max_size=5),
        st.none() | st.sampled_from(["1.0", "1.1"]),
    )
