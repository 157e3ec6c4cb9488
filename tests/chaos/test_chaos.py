"""The server is killed while pushes flow: nothing is lost, and nothing goes out twice that was not UNCERTAIN."""

from pathlib import Path

from tests.chaos.counting import whole_documents
from tests.chaos.kill import kill_again_and_again
from tps.sim.smsc_record import RecordLine

PUSHES, KILLS = 600, 3


async def test_pushes_survive_a_server_that_is_killed_again_and_again(tmp_path: Path, store_url: str) -> None:
    found = await kill_again_and_again(tmp_path, store_url, pushes=PUSHES, kills=KILLS)
    assert found.kills == KILLS
    assert found.counted.pushes == PUSHES
    assert found.counted.uncertain > 0
    assert found.counted.is_promise_kept, found.as_dict()
    assert max(found.recovery_s) < 30


async def test_pushes_survive_it_when_the_smsc_loses_answers_too(tmp_path: Path, sqlite_url: str) -> None:
    lossy = ("--lost-answer-ratio", "0.02", "--duplicate-receipt-ratio", "0.1", "--receipt-delay-s", "0.2")
    found = await kill_again_and_again(tmp_path, sqlite_url, pushes=PUSHES, kills=1, smsc_options=lossy)
    assert found.counted.uncertain > 0
    assert found.counted.is_promise_kept, found.as_dict()


def test_parts_of_two_attempts_make_no_whole_document() -> None:
    def line(reference: int, part: int) -> RecordLine:
        return RecordLine(0, 1, "1", "9900", reference, part, 2, "")

    assert whole_documents([line(1, 1), line(2, 2)]) == {"9900": 0}
    assert whole_documents([line(1, 1), line(1, 2), line(2, 1), line(2, 2)]) == {"9900": 2}
