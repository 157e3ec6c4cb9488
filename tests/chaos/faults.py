"""What befalls a site: each fault is over when its function returns."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable

import psycopg

from tests.chaos.site import Site
from tests.postgresql_server import Cluster

Fault = Callable[[Site], Awaitable[None]]

LEASE_S = 15.0
"""Of a node: a shorter absence leaves its work to itself, a longer one to the others."""
_START_PATIENCE_S = 30.0
_TERMINATE_EVERY_S = 0.05
_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'tps'"
)
_LOCK = (
    "SET LOCAL lock_timeout = '1s'",
    "SELECT 1 FROM push WHERE state <= 4 FOR UPDATE",
    "SELECT 1 FROM subscriber FOR UPDATE",
    "SELECT 1 FROM subscriber_change FOR UPDATE",
)
"""Rows of open pushes, of accounts, and those that every transaction of the server writes last."""


async def kill(site: Site) -> None:
    """kill -9 of a server, which is started again at once."""
    await site.chance.choice(site.nodes).kill()


async def kill_for_a_while(site: Site) -> None:
    """kill -9 of a server; every other time it stays away for longer than its lease, so that another takes over."""
    await site.chance.choice(site.nodes).kill(site.chance.choice((0.0, LEASE_S + 5.0)))


async def restart_postgresql(site: Site) -> None:
    """End PostgreSQL, by kill -9 or by an immediate stop, and start it again up to two seconds later."""
    cluster = site.cluster
    assert cluster is not None
    end = site.chance.choice((_kill_postmaster, Cluster.kill))
    await asyncio.to_thread(_restart, cluster, end, site.chance.uniform(0.0, 2.0))


async def terminate_backends(site: Site) -> None:
    """pg_terminate_backend of all connections of the server, again and again for up to two seconds."""
    await asyncio.to_thread(_terminate, site.store_url, site.chance.uniform(0.5, 2.0))


async def hold_locks(site: Site) -> None:
    """A transaction that locks rows of pushes and accounts, and idles for some seconds: sometimes too long to wait."""
    await asyncio.to_thread(_hold, site.store_url, site.chance.uniform(1.0, 8.0))


def _restart(cluster: Cluster, end: Callable[[Cluster], None], down_s: float) -> None:
    end(cluster)
    time.sleep(down_s)
    deadline = time.monotonic() + _START_PATIENCE_S
    while True:
        try:
            cluster.start()
        except subprocess.CalledProcessError:  # processes of the dead one still hold its memory
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _kill_postmaster(cluster: Cluster) -> None:
    os.kill(int((cluster.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


def _terminate(store_url: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    with psycopg.connect(store_url, autocommit=True) as connection:
        while time.monotonic() < until:
            connection.execute(_TERMINATE)
            time.sleep(_TERMINATE_EVERY_S)


def _hold(store_url: str, seconds: float) -> None:
    with psycopg.connect(store_url) as connection:
        while True:
            try:
                for lock in _LOCK:
                    connection.execute(lock)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):  # the server was quicker
                connection.rollback()
            else:
                break
        time.sleep(seconds)
        connection.rollback()
