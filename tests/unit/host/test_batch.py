"""A batch: what each of many scripts printed, in their order, wherever they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.host.batch import Batch, Recorder
from envwright.host.limits import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.host.session import Session

SCRIPTS = (
    "echo one",
    r"printf 'a\0b'",
    "",
    "cat",
    "false",
    "echo words >&2; echo six # a comment",
    "head -c 300000 /dev/zero",
)
ANSWERS = [b"one\n", b"a\0b", b"", b"", b"", b"six\n", bytes(300000)]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


@pytest.mark.parametrize("concurrent", range(len(SCRIPTS) + 1))
def test_each_script_has_its_answer_wherever_it_runs(session: Session, concurrent: int) -> None:
    batch = Batch(SCRIPTS, concurrent)
    answer = session.run(batch.script)
    assert (batch.answers(answer.stdout), answer.stderr) == (ANSWERS, b"")


def test_concurrent_scripts_run_while_the_others_do(session: Session, tmp_path: Path) -> None:
    meeting = f"{tmp_path}/fifo"
    batch = Batch(
        [
            f"mkfifo {meeting}-1 {meeting}; cat {meeting}",
            f"until [ -p {meeting} ]; do :; done; echo met >{meeting}",
        ],
        1,
    )
    answer = session.run(batch.script, limits=STEP.within(20))
    assert batch.answers(answer.stdout) == [b"met\n", b""]


def test_an_answer_that_was_cut_off_is_none() -> None:
    batch = Batch(["echo one", "echo two"])
    assert batch.answers(b"one\n") == []


class Memory(Recorder):
    """Knows the answers to one batch, and remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[tuple[str, ...], int, list[bytes]]] = []

    def recall(self, scripts: tuple[str, ...], concurrent: int) -> list[bytes] | None:
        return [b"known"] if (scripts, concurrent) == (("echo 1",), 0) else None

    def record(self, scripts: tuple[str, ...], concurrent: int, answers: list[bytes]) -> None:
        self.heard.append((scripts, concurrent, answers))


def test_a_batch_that_the_recorder_knows_costs_no_round_trip_and_every_batch_is_recorded(
    session: Session,
) -> None:
    memory, before = Memory(), session.round_trips
    session.recorder = memory
    asked = [(["echo 1"], 0), (["echo 1"], 1), (["echo 2"], 0)]
    answers = [session.run_batch(scripts, concurrent) for scripts, concurrent in asked]
    assert answers == [[b"known"], [b"1\n"], [b"2\n"]]
    assert session.round_trips == before + 2
    assert memory.heard == [
        (("echo 1",), 0, [b"known"]),
        (("echo 1",), 1, [b"1\n"]),
        (("echo 2",), 0, [b"2\n"]),
    ]
