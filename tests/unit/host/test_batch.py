"""An inquiry: what each of many scripts printed, in their order, wherever they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.host.batch import Inquiry

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
    inquiry = Inquiry(SCRIPTS, concurrent)
    answer = session.run(inquiry.script)
    assert (inquiry.answers(answer.stdout), answer.stderr) == (ANSWERS, b"")


def test_those_beside_run_while_the_others_do(session: Session, tmp_path: Path) -> None:
    meeting = f"{tmp_path}/fifo"
    inquiry = Inquiry(
        [
            f"mkfifo {meeting}-1 {meeting}; cat {meeting}",
            f"until [ -p {meeting} ]; do :; done; echo met >{meeting}",
        ],
        1,
    )
    answer = session.run(inquiry.script, timeout=20)
    assert inquiry.answers(answer.stdout) == [b"met\n", b""]


def test_an_answer_that_was_cut_off_is_none() -> None:
    inquiry = Inquiry(["echo one", "echo two"])
    assert inquiry.answers(b"one\n") == []


def test_what_was_asked_ahead_costs_no_round_trip_and_serves_once(session: Session) -> None:
    before = session.round_trips
    session.know((("echo 1", "echo 2"), 1), [b"ahead", b"asked"])
    answers = [session.inquire(["echo 1", "echo 2"], 1) for _ in range(2)]
    assert answers == [[b"ahead", b"asked"], [b"1\n", b"2\n"]]
    assert session.round_trips == before + 1
    assert session.inquired == ((("echo 1", "echo 2"), 1), [b"1\n", b"2\n"])


def test_what_was_asked_ahead_answers_no_other_question(session: Session) -> None:
    for scripts, concurrent in (
        (["echo 1"], 0),
        (["echo 1", "echo 3"], 1),
        (["echo 1", "echo 2"], 0),
    ):
        session.know((("echo 1", "echo 2"), 1), [b"ahead", b"asked"])
        assert session.inquire(scripts, concurrent) == [f"{s[5:]}\n".encode() for s in scripts]
