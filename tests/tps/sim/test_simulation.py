"""The simulation as a process of its own."""

import json
import subprocess
import sys

from tests.tps.sim.esme import Esme, submit_body
from tests.tps.sim.pushes import DOCUMENT, in_segments, signed
from tps.sim.handset_trust import imsi_octets
from tps.sim.subscribers import Subscribers

SMSC = "from tps.sim.simulation import run_smsc; run_smsc(stop_after_s={})"
HANDSETS = """
from tps.sim.simulation import run_handsets
from tps.sim.subscribers import Subscribers
run_handsets(subscribers=Subscribers(10), stop_after_s=60)
"""


def started(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def next_line(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    line: dict[str, object] = json.loads(process.stdout.readline())
    return line


def test_it_tells_its_port_first_and_its_counters_when_its_time_is_over() -> None:
    with started(SMSC.format(0.05)) as process:
        assert list(next_line(process)) == ["port"]
        assert next_line(process)["submits"] == 0
        assert process.wait(10) == 0


async def test_it_tells_its_counters_when_it_is_terminated() -> None:
    with started(SMSC.format(60)) as process:
        port = next_line(process)["port"]
        assert isinstance(port, int)
        async with await Esme.bound(port) as esme:
            esme.submit(1, 2, body=submit_body(registered=0))
            await esme.read_many(2)
        process.terminate()
        assert next_line(process)["accepted"] == 2
        assert process.wait(10) == 0


async def test_it_tells_what_each_handset_has_installed() -> None:
    person = Subscribers(10).subscriber(3)
    with started(HANDSETS) as process:
        port = next_line(process)["port"]
        assert isinstance(port, int)
        async with await Esme.bound(port) as esme:
            for sequence, segment in enumerate(in_segments(signed(DOCUMENT, key=imsi_octets(person.imsi))), 1):
                esme.submit(sequence, body=submit_body(destination=person.msisdn, short_message=segment, registered=0))
            await esme.read_many(3)
        told = next_line(process)
        assert (told["msisdn"], told["imsi"]) == (person.msisdn, person.imsi)
        assert str(told["settings"]).startswith("['Internet access")
        process.terminate()
        assert next_line(process)["provisioned"] == 1
        assert process.wait(10) == 0


async def test_handsets_send_what_its_input_tells() -> None:
    program = "import sys; from tps.sim.simulation import run_smsc; run_smsc(inbound=sys.stdin, stop_after_s=60)"
    with started(program) as process:
        port = next_line(process)["port"]
        assert isinstance(port, int)
        assert process.stdin is not None
        async with await Esme.bound(port) as esme:
            for line in (
                '{"source": "99", "destination": "7700", "text": "STOP"}',
                '{"source": "99", "destination": "7700", "text": "СТОП"}',
                '{"source": "99", "destination": "1", "octets": "0500", "data_coding": 4, "has_header": true,'
                ' "protocol_id": 127}',
                "{}",
                '{"source": "99", "destination": "1", "octets": "0"}',
                '{"source": "99", "destination": "1", "octets": "00", "data_coding": 256}',
                '{"source": "99", "destination": "1", "text": "%s"}' % ("x" * 255),
                '{"source": "99", "destination": "1"}',
            ):
                print(line, file=process.stdin, flush=True)
            bodies = [(await esme.read()).body for _ in range(3)]
        refused = [next_line(process) for _ in range(5)]
        process.terminate()
        assert next_line(process)["deliver_sent"] == 3
        assert process.wait(10) == 0
    assert bodies[0].endswith(b"\0\x04STOP")
    assert bodies[1].endswith(b"\x08\0\x08" + "СТОП".encode("utf-16-be"))
    assert bodies[2].endswith(b"1\0\x40\x7f" + bytes(5) + b"\x04\0\x02\x05\x00")
    assert all(set(each) == {"refused", "reason"} for each in refused)
