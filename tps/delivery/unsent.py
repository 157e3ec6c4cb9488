"""Why a push was not sent before its validity ended, in words for people: few different ones, for they are counted."""

from tps.decisions.push_life import Event
from tps.smpp.routes import Routes


def why_unsent(routes: Routes, msisdn: str, history: str = "") -> str:
    """What the SMSC said last, where it refused the push for now; otherwise how the routes to its number stand."""
    last = history.rstrip("\n").rpartition("\n")[2].split(" ", 3)
    if last[1:2] == [Event.POSTPONE]:
        # Which way it went, and under which ids, is in the history; it would make a reason of its own of each push.
        return f"refused for now until its validity ended: {last[-1].partition(': ')[2]}"
    return f"no route took it in time: {_standing(routes, msisdn)}"


def _standing(routes: Routes, msisdn: str) -> str:
    serving = routes.serving(msisdn)
    if not serving:
        return "none serves its number"
    if not any(route.up for route in serving):
        return "none to its number is up"
    if not any(route.room() for route in serving):
        return "those to its number are full"
    return "its turn did not come"
