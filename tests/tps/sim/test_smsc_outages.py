"""The simulated SMSC when its links break, and when it goes down and comes up."""

import asyncio
import contextlib
import socket

import pytest

from tests.tps.sim.esme import BIND_TRANSMITTER, DELIVER_SM, Esme, submit_body
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour


async def test_links_may_break_at_random_with_their_message_taken_or_not() -> None:
    taken: set[int] = set()
    for seed in range(10):
        behaviour = Behaviour(drop_link_ratio=1.0, seed=seed)
        async with Smsc(behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
            esme.submit(1, body=submit_body(registered=0))
            assert await esme.is_closed()
            assert smsc.counters.links_dropped == 1
            taken.add(smsc.counters.accepted)
    assert taken == {0, 1}


async def test_a_link_breaks_at_random_as_often_as_it_shall() -> None:
    async with Smsc(behaviour=Behaviour(drop_link_ratio=0.05)) as smsc:
        for _ in range(30):
            async with await Esme.bound(smsc.port, BIND_TRANSMITTER) as esme:
                esme.submit(*range(1, 201), body=submit_body(registered=0))
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    await esme.read_many(200)
        assert smsc.counters.links_dropped == 30
        assert 10 * 30 < smsc.counters.accepted < 40 * 30


async def test_an_outage_breaks_links_and_refuses_new_ones_and_forgets_nothing() -> None:
    async with Smsc() as smsc:
        async with await Esme.bound(smsc.port, BIND_TRANSMITTER) as esme:
            esme.submit(1)
            assert (await esme.read()).status == 0
            await smsc.go_down()
            assert await esme.is_closed()
        with pytest.raises(ConnectionRefusedError):
            await Esme.connect(smsc.port)
        await smsc.come_up()
        async with await Esme.bound(smsc.port) as esme:
            assert (await esme.read()).command == DELIVER_SM


async def test_it_goes_down_and_up_again_and_again() -> None:
    async with Smsc(behaviour=Behaviour(up_s=0.01, up_jitter_s=0.01, down_s=0.01)) as smsc:
        port = smsc.port
        await smsc.until(lambda counters: counters.outages == 3)
        smsc.behave(Behaviour())
        assert smsc.port == port


async def test_coming_up_waits_until_the_port_is_free() -> None:
    async with Smsc() as smsc:
        await smsc.go_down()
        with socket.create_server(("127.0.0.1", smsc.port)):
            coming = asyncio.create_task(smsc.come_up())
            await asyncio.sleep(0)
        await coming
        async with await Esme.bound(smsc.port):
            assert smsc.counters.outages == 1
