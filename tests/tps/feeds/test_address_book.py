"""Who may speak, by address and prefix."""

import pytest

from tps.feeds.address_book import AddressBook


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.1.2.3", ("one",)),
        ("10.1.9.9", ("site",)),
        ("10.2.0.1", ("country", "also the country")),
        ("::ffff:10.1.2.3", ("one",)),
        ("2001:db8::7", ("six",)),
        ("192.0.2.1", ()),
        ("2001:db9::7", ()),
    ],
)
def test_the_longest_prefix_tells_who_it_is(address: str, found: tuple[str, ...]) -> None:
    book = AddressBook(
        [
            ("10.0.0.0/8", "country"),
            ("10.1.0.0/16", "site"),
            ("10.1.2.3", "one"),
            ("10.0.0.0/8", "also the country"),
            ("2001:db8::/64", "six"),
        ]
    )
    assert book.find(address) == found
    assert book.find(address) == found


def test_strangers_without_number_are_forgotten_again() -> None:
    book = AddressBook([("10.0.0.0/8", "country")])
    for number in range(5000):
        assert book.find(f"11.0.{number >> 8}.{number & 255}") == ()
    assert len(book._known) <= 4096
    assert book.find("10.0.0.1") == ("country",)


def test_what_is_no_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="host bits set"):
        AddressBook([("10.1.2.3/8", "wrong")])
