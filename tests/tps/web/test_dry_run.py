"""The dry run of detections over HTTP."""

from tests.tps.web.api import IMEI, IMSI, MSISDN, Api
from tests.tps.web.test_pushes import happen
from tps.decisions.push_life import Event

OTHER = "356909010000026"

LINES = f"""\
{{"imsi":"{IMSI}","imei":"{IMEI}"}}
{{"msisdn":"{MSISDN}","imei":"{IMEI[:14]}"}}

{{"imsi":"001010999999999","imei":"{IMEI}"}}
{{"imsi":"{IMSI}","imei":"00000000000000"}}
{{"imsi":"12","imei":"{IMEI}"}}
"""


async def test_each_line_is_told_what_it_would_lead_to_and_the_last_answer_counts(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    *lines, last = await api.lines("/v1/detections/dry-run", LINES.encode())
    assert [(line["line"], line["outcome"]) for line in lines] == [
        (1, "queued"), (2, "already_open"), (4, "recorded"), (5, "recorded"), (6, "rejected"),
    ]  # fmt: skip
    assert {key: lines[0][key] for key in ("msisdn", "imei", "settings", "version")} == {
        "msisdn": MSISDN, "imei": IMEI, "settings": "internet", "version": 1,
    }  # fmt: skip
    assert "id" not in lines[0]
    assert (last["line"], last["outcome"]) == (6, "totals")
    totals = last["totals"]
    assert (totals["lines"], totals["would_send"]) == (5, 1)
    assert totals["outcomes"] == {"queued": 1, "already_open": 1, "recorded": 2, "rejected": 1}
    assert totals["reasons"]["no subscriber has this IMSI"] == 1
    assert sum(totals["reasons"].values()) == 3


async def test_nothing_is_stored_and_the_same_lines_lead_to_it_afterwards(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    before = await api.lines("/v1/detections/dry-run", LINES.encode())
    assert (await api.get("/v1/pushes")).value["items"] == []
    assert (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value["items"] == []
    done = await api.lines("/v1/detections/bulk", LINES.encode())
    assert [line["outcome"] for line in before[:-1]] == [line["outcome"] for line in done]


async def test_what_is_on_its_way_is_told_with_its_push(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    (taken,) = await api.lines("/v1/detections/bulk", LINES.splitlines()[0].encode())
    told, _ = await api.lines("/v1/detections/dry-run", LINES.splitlines()[0].encode())
    assert (told["outcome"], told["id"], told["msisdn"]) == ("already_open", taken["id"], MSISDN)


async def test_however_many_different_reasons_there_are_only_some_are_counted_by_themselves(api: Api) -> None:
    lines = "\n".join(f'{{"imsi":"{IMSI}","imei":"x{number}"}}' for number in range(150))
    last = (await api.lines("/v1/detections/dry-run", lines.encode()))[-1]
    assert last["totals"]["reasons"]["other reasons"] == 50


def seen(imei: str, time: str, imsi: str = IMSI) -> bytes:
    """A line of the morning of New Year's Day."""
    return f'{{"imsi":"{imsi}","imei":"{imei}","seen_at":"2026-01-01T{time}Z"}}'.encode()


async def test_what_was_seen_and_only_remembered_is_known_and_written_by_nobody(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    (taken,) = await api.lines("/v1/detections/bulk", seen(IMEI, "08:00:00"))
    await happen(api, taken["id"], Event.CLAIM, Event.ACCEPT, Event.DELIVER)
    for time in ("08:00:01", "08:50:00"):
        (told,) = await api.lines("/v1/detections/bulk", seen(IMEI, time))
        assert told["outcome"] == "already_set"
    before = (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value
    for _ in range(2):
        foretold, _ = await api.lines("/v1/detections/dry-run", seen(OTHER, "08:30:00"))
        assert foretold["outcome"] == "recorded"
    assert (await api.get(f"/v1/subscribers/{IMSI}/pairs")).value == before
    (done,) = await api.lines("/v1/detections/bulk", seen(OTHER, "08:30:00"))
    assert done["outcome"] == "recorded"


async def test_clones_are_found_among_what_was_seen_and_what_is_supposed_is_held_against_nobody(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    others = [f"00101000000000{number}" for number in range(10)]
    await api.lines("/v1/detections/bulk", b"\n".join(seen(IMEI, "08:00:00", other) for other in others))
    foretold, _ = await api.lines("/v1/detections/dry-run", seen(IMEI, "08:00:00"))
    assert foretold["outcome"] == "recorded"
    await api.lines(
        "/v1/detections/dry-run", b"\n".join(seen(OTHER, "08:00:00", other) for other in [*others, "001010000000010"])
    )
    done = await api.lines("/v1/detections/bulk", seen(OTHER, "08:00:00") + b"\n" + seen(IMEI, "08:00:00"))
    assert [line["outcome"] for line in done] == ["queued", "recorded"]
