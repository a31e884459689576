"""The journal: one run at a time, and a line for all that a run does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standins import local_session

from envwright.errors import StepError
from envwright.state.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.host.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


def entries(file: Path) -> list[dict[str, Any]]:
    """What the journal holds, without time and run."""
    read = [json.loads(line) for line in file.read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k not in {"time", "run"}} for entry in read]


def test_a_run_writes_a_line_for_each_event(session: Session, journal_file: Path) -> None:
    odd = "file:/a 'b' \"c\" $(d)\n%s\\ ä"
    with Journal(session, "box") as journal:
        journal.write("begin", step=odd)
        journal.write("done", step=odd)
    with Journal(session, "other"):
        pass
    assert entries(journal_file) == [
        {"event": "start", "environment": "box"},
        {"event": "begin", "step": odd},
        {"event": "done", "step": odd},
        {"event": "finish"},
        {"event": "start", "environment": "other"},
        {"event": "finish"},
    ]
    lines = [json.loads(line) for line in journal_file.read_text().splitlines()]
    assert [len({line["run"] for line in lines[:4]}), len({line["run"] for line in lines})] == [
        1,
        2,
    ]
    assert sorted(line["time"] for line in lines) == [line["time"] for line in lines]


@pytest.mark.usefixtures("journal_file")
def test_the_lock_goes_with_a_failure_and_the_session_stays(session: Session) -> None:
    def fail() -> None:
        with Journal(session, "box"):
            raise StepError("no")

    for _ in range(2):
        with pytest.raises(StepError, match=r"^no$"):
            fail()
    with Journal(session, "box"):
        assert session.run("echo alive").text == "alive\n"


def test_the_step_at_which_a_run_was_cut_off_is_known_to_the_next(
    session: Session, journal_file: Path
) -> None:
    with local_session() as lost:
        cut_off = Journal(lost, "box").__enter__()
        cut_off.write("begin", step="package:git")
    with Journal(session, "box") as journal:
        assert journal.interrupted == "package:git"
    with Journal(session, "box") as journal:
        assert journal.interrupted == ""
    assert entries(journal_file)[1] == {"event": "begin", "step": "package:git"}


@pytest.mark.parametrize(
    "torn",
    [
        '{"time": "2026',
        '{"event": "begin"',
        "{",
        "[]",
        '["event"]',
        "7",
        "null",
        '"begin"',
        '{"step": "package:git"}',
        '{"event": "begin"}',
        '{"event": ["begin"], "step": "package:git"}',
        '{"event": "begin", "step": {"package": "git"}}',
        '{"event": "begin", "step": null}',
        f'{{"event": "begin", "step": {"9" * 5000}}}',
        "[" * 50_000,
        "\0\0\0\0",
        "\udcff{",
        "x" * 200_000,
        "",
        "\n\n",
    ],
)
def test_a_damaged_last_line_stops_nobody(session: Session, journal_file: Path, torn: str) -> None:
    journal_file.parent.mkdir()
    journal_file.write_text(torn, errors="surrogateescape")
    with Journal(session, "box") as journal:
        assert journal.interrupted == ""
    whole = journal_file.read_bytes().decode(errors="surrogateescape")
    assert whole.startswith(torn)
    rest = whole[len(torn) :].strip("\n").split("\n")
    assert [json.loads(line)["event"] for line in rest] == ["start", "finish"]


def test_only_its_owner_reads_the_journal_that_older_versions_left_open(
    session: Session, journal_file: Path
) -> None:
    journal_file.parent.mkdir(mode=0o755)
    journal_file.touch(mode=0o644)
    with Journal(session, "box"):
        pass
    modes = [path.stat().st_mode & 0o7777 for path in (journal_file.parent, journal_file)]
    assert modes == [0o700, 0o600]


def test_a_journal_that_cannot_be_written_is_told(session: Session, journal_file: Path) -> None:
    journal_file.mkdir(parents=True)
    with pytest.raises(StepError) as raised:
        Journal(session, "box").__enter__()
    assert str(raised.value).startswith(f"@local: cannot write {journal_file}: ")


def test_what_can_wait_is_written_with_the_next_entry_or_with_a_failure(
    session: Session, journal_file: Path
) -> None:
    def fail() -> None:
        with Journal(session, "box") as journal:
            journal.later("done", step="one")
            before = session.round_trips
            journal.write("begin", step="two")
            assert session.round_trips == before + 1
            journal.later("done", step="two")
            raise StepError("no")

    with pytest.raises(StepError, match=r"^no$"):
        fail()
    with Journal(session, "box") as journal:
        assert journal.interrupted == ""
    events = [(entry["event"], entry.get("step")) for entry in entries(journal_file)]
    assert events[:4] == [("start", None), ("done", "one"), ("begin", "two"), ("done", "two")]
