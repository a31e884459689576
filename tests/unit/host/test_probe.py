"""The probe: one script, one round trip, and answers that stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standins import StandInSession, local_session

from envwright.facts import Booted, Output, Shell, Stat, Text, Unknown
from envwright.host import probe
from envwright.host.session import Result

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NO_ANSWER = Unknown("the machine gave no answer")


def test_all_questions_of_all_kinds_cost_one_round_trip(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    file, missing = f"{tmp_path}/file", f"{tmp_path}/missing"
    questions = [Text(file), Stat(missing), Shell("echo one"), Text(missing), Shell("exit 4")]
    with local_session() as session:
        facts = probe.ask(session, [*questions, *questions])
        assert session.round_trips == 1
    answers = [facts[question] for question in questions]
    assert answers == ["text", None, Output(0, "one"), None, Output(4, "")]


def test_without_a_question_the_machine_is_not_troubled() -> None:
    session = StandInSession()
    assert (probe.ask(session, [])[Stat("/x")], session.scripts) == (NO_ANSWER, [])


def test_many_questions_are_asked_in_batches_of_one_round_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "BATCH", 3)
    paths = [tmp_path / str(number) for number in range(8)]
    for path in paths[:7]:
        path.write_text(path.name)
    with local_session() as session:
        facts = probe.ask(session, [Text(str(path)) for path in paths])
        assert session.round_trips == 1
    assert [facts[Text(str(path))] for path in paths] == [*map(str, range(7)), None]


def test_no_word_of_a_script_or_file_can_end_a_section(tmp_path: Path) -> None:
    """Two runs choose two marks, so a file cannot hold the one that will be used."""
    session = StandInSession()
    for _ in range(2):
        probe.ask(session, [Shell("true")])
    assert session.scripts[0] != session.scripts[1]
    (tmp_path / "old").write_text(session.scripts[0])
    with local_session() as real:
        facts = probe.ask(real, [Text(f"{tmp_path}/old"), Shell("echo '\n--'; exit 1")])
    assert facts[Text(f"{tmp_path}/old")] == session.scripts[0]
    assert facts[Shell("echo '\n--'; exit 1")] == Output(1, "\n--")


class HalfSession(StandInSession):
    """A machine whose kernel says what no kernel says, and that is lost after two sections."""

    def run(self, script: str, **_: object) -> Result:
        mark = script.partition(r"printf '\n")[2].partition(r"\n'")[0].encode()
        return Result(0, b"what?\n\n" + mark + b"\nok\0000\0\n" + mark + b"\n", b"")


def test_an_answer_that_cannot_be_read_leaves_the_others_standing() -> None:
    questions = [Booted(), Shell("echo ok"), Stat("/x")]
    facts = probe.ask(HalfSession(), questions)
    assert [facts[question] for question in questions] == [NO_ANSWER, Output(0, "ok"), NO_ANSWER]


def test_an_archive_that_was_cut_off_is_no_answer() -> None:
    with local_session() as session:
        script = Text.script([Text("/etc/passwd")])
        whole = session.run(script).stdout
    facts = probe.ask(StandInSession(whole[:700]), [Text("/etc/passwd")])
    assert facts[Text("/etc/passwd")] == NO_ANSWER


def test_words_on_stderr_are_not_seen() -> None:
    with local_session() as session:
        facts = probe.ask(session, [Shell("echo noise >&2; echo sound")])
    assert facts[Shell("echo noise >&2; echo sound")] == Output(0, "sound")
