"""Subscribers as rows of CSV: everything comes back."""

from hypothesis import given
from hypothesis import strategies as st

from tps.backoffice.subscribers import Account
from tps.commands.subscriber_csv import change_of, checked_header, header_of, row_of


@given(
    st.builds(
        Account,
        imsi=st.from_regex("[0-9]{6,15}", fullmatch=True).filter(str.isascii),
        msisdn=st.from_regex("[0-9]{5,15}", fullmatch=True).filter(str.isascii),
        settings=st.none() | st.from_regex("[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True),
        values=st.dictionaries(st.sampled_from(["ppp_user", "ppp_password"]), st.text(max_size=9)),
        pin=st.none() | st.from_regex("[0-9]{4,9}", fullmatch=True),
    )
)
def test_an_account_comes_back_from_its_row(account: Account) -> None:
    header = header_of(["ppp_password", "ppp_user"], with_secrets=True)
    imsi, changes = change_of(checked_header(header), list(row_of(account, header)))
    given_values = {name: value for name, value in (changes.values or {}).items() if value is not None}
    assert Account(imsi, changes.msisdn, changes.settings, given_values, changes.pin) == account
    assert changes.given == {"msisdn", "settings", "pin", "values"}
