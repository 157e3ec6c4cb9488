"""Hypothesis strategies for Nokia/Ericsson browser settings: every field, words of the tables and free text."""

from typing import Any, get_args

from hypothesis import strategies as st

from encoders import browser_settings_model as model
from encoders.browser_settings import Address, Bookmark, BrowserSettings
from encoders.browser_settings_tokens import ATTRIBUTE_STARTS
from tests.strategies import plain_texts, texts

VALUE_WORDS = sorted({text for _, _, attribute, text in ATTRIBUTE_STARTS if attribute == "VALUE" and text})
"""Values that have a token, whatever they are the value of."""


def continues_a_word(text: str) -> bool:
    """Whether a text begins with a value that has a token and goes on."""
    return any(text.startswith(word) and text != word for word in VALUE_WORDS)


def browser_settings(values: st.SearchStrategy[str] = texts) -> st.SearchStrategy[BrowserSettings]:
    """Settings that set something."""
    some = values | st.sampled_from(VALUE_WORDS)
    maybe = st.none() | st.just("") | some

    def word(literal: Any) -> st.SearchStrategy[Any]:
        return st.none() | st.sampled_from(get_args(literal))

    addresses = st.builds(
        Address,
        bearer=st.sampled_from(get_args(model.Bearer)),
        proxy=maybe,
        port=st.none() | st.sampled_from([9200, 9201, 9202, 9203]) | st.integers(1, 9199) | st.just(65535),
        proxy_type=word(model.ProxyType),
        proxy_user=maybe,
        proxy_password=maybe,
        proxy_login=word(model.LoginType),
        dial_string=maybe,
        call_type=word(model.CallType),
        call_speed=word(model.CallSpeed),
        apn=maybe,
        sms_centre=maybe,
        ussd_code=maybe,
        ppp_authentication=word(model.AuthenticationType),
        ppp_user=maybe,
        ppp_password=maybe,
        ppp_login=word(model.LoginType),
        isp_name=maybe,
    )
    bookmarks = st.builds(Bookmark, name=some, url=some, icon=st.none() | st.binary(min_size=1, max_size=20))
    drawn = st.builds(
        BrowserSettings,
        name=maybe,
        identifier=maybe,
        addresses=st.lists(addresses, max_size=2).map(tuple),
        home_page=maybe,
        mmsc=maybe,
        bookmarks=st.lists(bookmarks, max_size=2).map(tuple),
    )
    return drawn.filter(lambda settings: settings != BrowserSettings())


plain_browser_settings = browser_settings(plain_texts.filter(lambda text: not continues_a_word(text)))
"""Settings whose texts are printable, and on which all encoders should agree octet by octet."""
