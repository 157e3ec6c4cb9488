"""The dry run of detections over HTTP."""

from tests.tps.web.api import IMEI, IMSI, MSISDN, Api

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
