"""The record of the simulated SMSC: what it accepted, whatever becomes of its process."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tps.sim.esme import Esme, submit_body
from tps.sim.simulation import run_smsc
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour, MessageIdForm
from tps.sim.smsc_record import RecordError, read_record

PORTS = bytes.fromhex("05040B8423F0")


def digest(octets: bytes) -> str:
    return hashlib.blake2b(octets, digest_size=8).hexdigest()


async def accepted(record: Path, *bodies: bytes, behaviour: Behaviour | None = None) -> None:
    async with Smsc(record_file=record, behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        for sequence, body in enumerate(bodies, start=1):
            assert (await esme.ask(4, sequence=sequence, body=body)).status == 0


async def test_each_accepted_message_is_a_line_before_its_answer_comes(tmp_path: Path) -> None:
    record = tmp_path / "record"
    async with Smsc(record_file=record) as smsc, await Esme.bound(smsc.port) as esme:
        segment = bytes((11,)) + PORTS + bytes.fromhex("0003B60201") + b"first half"
        answer = await esme.ask(4, body=submit_body(short_message=segment, registered=0))
        (line,) = read_record(record)
    assert line.message_id.encode() + b"\0" == answer.body
    assert (line.destination, line.reference, line.part, line.parts) == ("990000000001", 0xB6, 1, 2)
    assert (line.number, line.payload) == (1_000_000_001, digest(b"first half"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (submit_body(short_message=b"\x06\x08\x04\x01\x02\x03\x02end", registered=0), (0x0102, 2, 3, digest(b"end"))),
        (
            submit_body(
                short_message=b"end", esm_class=0, registered=0, tlvs=bytes.fromhex("020C00020102020E000103020F000102")
            ),
            (0x0102, 2, 3, digest(b"end")),
        ),
        (submit_body(short_message=b"text", esm_class=0, registered=0), (0, 1, 1, digest(b"text"))),
        (submit_body(short_message=b"\x09broken", registered=0), (0, 1, 1, digest(b"\x09broken"))),
    ],
    ids=["16-bit reference", "sar parameters", "no header", "broken header"],
)
async def test_a_part_is_known_however_it_is_numbered(
    tmp_path: Path, body: bytes, expected: tuple[int, int, int, str]
) -> None:
    await accepted(tmp_path / "record", body)
    (line,) = read_record(tmp_path / "record")
    assert (line.reference, line.part, line.parts, line.payload) == expected


async def test_a_message_that_is_refused_is_not_in_the_record_and_one_that_is_never_answered_is(tmp_path: Path) -> None:
    record = tmp_path / "record"
    behaviour = Behaviour(queue_full_ratio=1.0)
    async with Smsc(record_file=record, behaviour=behaviour) as smsc, await Esme.bound(smsc.port) as esme:
        assert (await esme.ask(4, body=submit_body())).status == 0x14
        assert list(read_record(record)) == []
        smsc.behave(Behaviour(lost_answer_ratio=1.0))
        esme.submit(2, body=submit_body(registered=0))
        await smsc.until(lambda counters: counters.answers_lost == 1)
    assert len(list(read_record(record))) == 1


async def test_the_next_smsc_goes_on_in_the_record_with_numbers_of_its_own(tmp_path: Path) -> None:
    record, hexadecimal = tmp_path / "record", Behaviour(response_id=MessageIdForm.HEX_LOWER)
    for _ in range(2):
        await accepted(record, submit_body(), submit_body(), behaviour=hexadecimal)
    assert [line.message_id for line in read_record(record)] == ["3b9aca01", "3b9aca02", "3b9aca03", "3b9aca04"]


async def test_a_line_that_a_sudden_end_cut_short_is_taken_away(tmp_path: Path) -> None:
    record = tmp_path / "record"
    await accepted(record, submit_body(), submit_body())
    record.write_bytes(record.read_bytes()[:-5])
    assert len(list(read_record(record))) == 1
    await accepted(record, submit_body())
    assert [line.number for line in read_record(record)] == [1_000_000_001, 1_000_000_002]


def started(record: Path) -> subprocess.Popen[str]:
    program = (
        f"from pathlib import Path; from tps.sim.simulation import run_smsc; run_smsc(record=Path({str(record)!r}))"
    )
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


async def test_the_record_survives_a_killed_process(tmp_path: Path) -> None:
    record = tmp_path / "record"
    with started(record) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().partition(": ")[2].rstrip("}\n"))
        async with await Esme.bound(port) as esme:
            esme.submit(*range(1, 21), body=submit_body(registered=0))
            answers = await esme.read_many(20)
            os.kill(process.pid, signal.SIGKILL)
    assert [line.message_id.encode() + b"\0" for line in read_record(record)] == [answer.body for answer in answers]


@pytest.mark.parametrize("octets", [b"imsi,msisdn\n", b"x" * 9000], ids=["other lines", "no line"])
def test_what_is_no_record_is_left_alone(tmp_path: Path, octets: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(octets)
    with pytest.raises(RecordError, match="no record"):
        run_smsc(record=other)
    assert other.read_bytes() == octets
    with pytest.raises(RecordError, match="Is a directory"):
        run_smsc(record=tmp_path)
