"""Which route a number takes, how a batch is spread, and what is acknowledged when."""

from collections import Counter

import pytest

from tests.tps.smpp import peer_octets
from tests.tps.smpp.loopback_smsc import (
    LoopbackSmsc,
    accept_everything,
    next_outcomes,
    route_config,
    running_routes,
    running_smsc,
    until,
)
from tps.smpp.pdus import ESME_RX_T_APPN
from tps.smpp.routes import Routes, _shares

USER_DATA = b"\x06\x05\x04\x0b\x84\x23\xf0push"


def refuse_account(name: bytes, smsc: LoopbackSmsc) -> None:
    """Let the SMSC refuse the binds of one account."""

    def reply(command: int, sequence: int, body: bytes) -> bytes:
        if command == 9 and body.startswith(name + b"\0"):
            return peer_octets.pdu(0x80000009, status=0x0D, sequence=sequence)
        return accept_everything(command, sequence, body)

    smsc.reply = reply


def chosen(routes: Routes, msisdn: str) -> str | None:
    route = routes.choose(msisdn)
    return route.name if route is not None else None


async def test_the_longest_prefix_decides() -> None:
    async with (
        running_smsc() as smsc,
        running_routes(
            route_config(smsc, "world"),
            route_config(smsc, "germany", prefixes=("49",)),
            route_config(smsc, "mobile", prefixes=("4917", "4916")),
        ) as routes,
    ):
        await until(routes, lambda: all(route.up for route in routes))
        assert [chosen(routes, msisdn) for msisdn in ("4917012", "4916", "4930", "4", "33601")] == [
            "mobile",
            "mobile",
            "germany",
            "world",
            "world",
        ]


async def test_a_number_nobody_serves_has_no_route() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, prefixes=("49",))) as routes:
        assert chosen(routes, "4917") is None
        await until(routes, lambda: routes["north"].up)
        assert chosen(routes, "4917") == "north"
        assert chosen(routes, "3317") is None


async def test_priority_fails_over_and_back() -> None:
    async with running_smsc() as smsc:
        refuse_account(b"first", smsc)
        async with running_routes(
            route_config(smsc, "first", priority=1, system_id="first"),
            route_config(smsc, "second", priority=2, system_id="second"),
        ) as routes:
            await until(routes, lambda: routes["second"].up)
            assert chosen(routes, "4917") == "second"
            smsc.reply = accept_everything
            await until(routes, lambda: routes["first"].up)
            assert chosen(routes, "4917") == "first"


async def test_a_shorter_prefix_takes_over_where_the_longer_is_down() -> None:
    async with running_smsc() as smsc:
        refuse_account(b"mobile", smsc)
        async with running_routes(
            route_config(smsc, "mobile", prefixes=("4917",), system_id="mobile"), route_config(smsc, "world")
        ) as routes:
            await until(routes, lambda: routes["world"].up)
            assert chosen(routes, "4917") == "world"


async def test_weights_share_the_traffic() -> None:
    async with (
        running_smsc() as smsc,
        running_routes(route_config(smsc, "big", weight=3), route_config(smsc, "small", weight=1)) as routes,
    ):
        await until(routes, lambda: all(route.up for route in routes))
        assert Counter(chosen(routes, "4917") for _ in range(400)) == {"big": 300, "small": 100}


async def test_a_batch_is_spread_over_the_links_and_each_message_stays_on_one() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, binds=3)) as routes:
        route = routes["north"]
        await until(routes, lambda: all(link.up for link in route.links))
        assert route.room() == 18000
        route.submit([(key, "49170", (USER_DATA, USER_DATA)) for key in range(30)])
        assert sorted(link.counters.submitted for link in route.links) == [20, 20, 20]
        for key in range(100, 103):
            route.submit([(key, "49170", (USER_DATA,))])
        assert sorted(link.counters.submitted for link in route.links) == [21, 21, 21]


async def test_without_a_link_everything_is_unsent() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        routes["north"].submit([(1, "4917", (USER_DATA, USER_DATA))])
        assert routes.outcome_ready.is_set()
        ((route, outcomes),) = routes.drain_outcomes()
        assert (route.name, outcomes.unsent) == ("north", [(1, 0), (1, 1)])
        assert not routes.outcome_ready.is_set()


@pytest.mark.parametrize(
    ("sizes", "rooms", "ends"),
    [
        ([1] * 6, [10, 10, 10], [2, 4, 6]),
        ([1] * 6, [20, 10], [4, 6]),
        ([5, 1, 1, 1], [10, 10], [1, 4]),
        ([1], [10, 10, 10], [1, 1, 1]),
        ([], [10, 10], [0, 0]),
        ([3, 3, 3, 3], [1, 1], [2, 4]),
    ],
)
def test_shares_follow_the_room_of_each_link(sizes: list[int], rooms: list[int], ends: list[int]) -> None:
    assert _shares(sizes, rooms) == ends


async def test_receipts_and_inbound_messages_are_acknowledged_when_we_say_so_and_as_we_say() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        route = routes["north"]
        await until(routes, lambda: route.up)
        receipt = peer_octets.deliver_sm_body(text=peer_octets.receipt_text("abc"))
        inbound = peer_octets.deliver_sm_body(esm_class=0, text=b"SETTINGS")
        smsc.send(peer_octets.deliver_sm(11, receipt) + peer_octets.deliver_sm(12, inbound))
        outcomes = await next_outcomes(routes)
        assert outcomes.inbound[0].octets == b"SETTINGS"
        assert smsc.count(peer_octets.DELIVER_SM_RESP) == 0
        routes.acknowledge(outcomes.inbound, ESME_RX_T_APPN)
        await smsc.until(lambda: smsc.count(peer_octets.DELIVER_SM_RESP) == 1)
        assert smsc.received[-1][1:3] == (ESME_RX_T_APPN, 12)
        routes.acknowledge(outcomes.receipts)
        await smsc.until(lambda: smsc.count(peer_octets.DELIVER_SM_RESP) == 2)
        assert smsc.received[-1][1:3] == (0, 11)


async def test_a_receipt_of_a_lost_connection_is_not_acknowledged_on_the_next() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        route = routes["north"]
        await until(routes, lambda: route.up)
        smsc.send(peer_octets.deliver_sm(11, peer_octets.deliver_sm_body(text=b"id:1 stat:DELIVRD")))
        outcomes = await next_outcomes(routes)
        smsc.writers[0].close()
        await until(routes, lambda: not route.up)
        await until(routes, lambda: route.up)
        routes.acknowledge(outcomes.receipts)
    assert smsc.count(peer_octets.DELIVER_SM_RESP) == 0


async def test_a_pair_sends_on_one_link_and_hears_on_the_other() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, bind="pair")) as routes:
        route = routes["north"]
        await until(routes, lambda: all(link.up for link in route.links))
        assert sorted(each[0] for each in smsc.received) == [1, 2]
        route.submit([(1, "4917", (USER_DATA,))])
        await smsc.until(lambda: smsc.count(peer_octets.SUBMIT_SM) == 1)
        assert [link.counters.submitted for link in route.links] == [1, 0]
        assert route.room() == 6000


async def test_status_shows_each_link_and_no_secret() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, binds=2)) as routes:
        await until(routes, lambda: all(link.up for link in routes["north"].links))
        (status,) = routes.status()
        assert (status.name, status.up, status.room) == ("north", True, 12000)
        assert [(link.name, link.state) for link in status.links] == [
            ("smpp:north:0:transceiver", "bound"),
            ("smpp:north:1:transceiver", "bound"),
        ]
        assert "secret" not in repr(status)
        assert repr(routes["north"]) == "<Route north, 2 of 2 links up>"
