"""Apply: steps in order, a journal of them, and a second look at the result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standins import (
    DEBIAN,
    ME,
    OFFLINE,
    StandInSession,
    Teller,
    compiled,
    local_session,
    secrets_of,
)

from envwright.engine.apply import apply, steps
from envwright.engine.plan import Change, Plan, make_plan
from envwright.errors import EnvwrightError, HostError, RefusedError, SecretError, StepError
from envwright.model.resource import Difference, Resource
from envwright.model.secrets import Secrets, marker
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.state.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.facts import Machine
    from envwright.host.session import Session

SECRETS = Secrets({})


@pytest.fixture
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


def converge(
    session: Session, *wishes: Resource, machine: Machine = DEBIAN, teller: Teller | None = None
) -> Plan:
    """Plan and apply; return the plan that is left."""
    teller = teller or Teller()
    made = compiled(*wishes)
    plan = make_plan(made, session, machine, SECRETS)
    return apply(plan, made, session, SECRETS, teller)


def command(title: str, observe: str, run: str, expected: str = "") -> Command:
    return Command(title=title, observe=observe, expected=expected, run=run, seen=())


def test_neighbours_of_a_word_that_does_many_at_once_are_one_step() -> None:
    wishes: list[Resource] = [
        Package(package="a"),
        Package(package="b", present=False),
        File(path="/a"),
        File(path="/b"),
        Package(package="c"),
    ]
    changes = tuple(Change(spec, Difference(None, {}, ("exists",))) for spec in wishes)
    plan = Plan("box", "@local", DEBIAN, len(wishes), changes)
    assert [step.name for step in steps(plan)] == [
        "package:a, package:b",
        "file:/a",
        "file:/b",
        "package:c",
    ]


def test_a_machine_converges_step_by_step_and_the_second_run_has_nothing_to_do(
    session: Session, tmp_path: Path, journal_file: Path
) -> None:
    mine: dict[str, Any] = {"owner": ME, "group": tmp_path.group()}
    folder = tmp_path / "folder"
    wishes = (
        Link(path=f"{folder}/link", target="file", **mine),
        File(path=f"{folder}/file", content="text\n", mode="0600", **mine),
        Directory(path=f"{folder}", mode="0750", **mine),
    )
    teller = Teller()
    assert converge(session, *wishes, teller=teller).changes == ()
    ids = [f"directory:{folder}", f"link:{folder}/link", f"file:{folder}/file"]
    assert teller.told == [f"{what} {id_}" for id_ in ids for what in ("begin", "end")]
    found = {p.name: (oct(p.lstat().st_mode), p.read_text()) for p in folder.iterdir()}
    assert found == {"file": ("0o100600", "text\n"), "link": ("0o120777", "text\n")}
    assert oct(folder.stat().st_mode) == "0o40750"
    lines = [json.loads(line) for line in journal_file.read_text().splitlines()]
    assert [(line["event"], line.get("step")) for line in lines] == [
        ("start", None),
        *((event, id_) for id_ in ids for event in ("begin", "done")),
        ("finish", None),
    ]
    again = Teller()
    converge(session, *wishes, teller=again)
    assert again.told == []


def test_a_plan_without_changes_does_not_touch_the_machine() -> None:
    plan, nobody = Plan("box", "@stand-in", DEBIAN, 0, ()), StandInSession()
    teller = Teller()
    left = apply(plan, compiled(), nobody, SECRETS, teller)
    assert (left is plan, nobody.scripts, teller.told) == (True, [], [])


def failing(session: Session, *wishes: Resource, teller: Teller | None = None) -> EnvwrightError:
    with pytest.raises(EnvwrightError) as raised:
        converge(session, *wishes, teller=teller)
    return raised.value


def test_a_failed_step_is_told_with_its_last_words(session: Session, journal_file: Path) -> None:
    teller = Teller()
    wish = command("one", "exit 1", "echo to stdout; echo and stderr >&2; exit 3")
    error = failing(session, wish, teller=teller)
    assert str(error) == (
        "command:one failed on @local:\n"
        "    to stdout\n"
        "    and stderr\n"
        "    wanted by files (box.yaml:1)"
    )
    assert teller.told == ["begin command:one", "failed command:one"]
    events = [json.loads(line)["event"] for line in journal_file.read_text().splitlines()]
    assert events == ["start", "begin", "failed"]


def link(folder: Path, name: str, target: str = "x", needs: tuple[str, ...] = ()) -> Link:
    owner: dict[str, Any] = {"owner": ME, "group": folder.group()}
    return Link(path=f"{folder}/{name}", target=target, needs=needs, **owner)


@pytest.fixture
def two_failures(session: Session, tmp_path: Path, journal_file: Path) -> EnvwrightError:
    """The error of an apply in which two commands fail; links depend on them, or do not."""
    assert journal_file
    (tmp_path / "kept").symlink_to("x")
    return failing(
        session,
        command("one", "exit 1", "echo no one; exit 1"),
        command("two", "exit 1", "echo no two; exit 1"),
        link(tmp_path, "free"),
        link(tmp_path, "needs-one", needs=("command:one",)),
        link(tmp_path, "needs-that", needs=(f"link:{tmp_path}/needs-one",)),
        link(tmp_path, "needs-both", needs=("command:one", "command:two")),
        # In place already, and so what it needs itself is of no matter to what needs it.
        link(tmp_path, "kept", needs=("command:one",)),
        link(tmp_path, "needs-kept", needs=(f"link:{tmp_path}/kept",)),
    )


def test_a_failed_step_stops_what_depends_on_it_and_nothing_else(
    two_failures: EnvwrightError, tmp_path: Path
) -> None:
    made = sorted(path.name for path in tmp_path.iterdir() if path.is_symlink())
    assert made == ["free", "kept", "needs-kept"]
    assert str(two_failures) == (
        "command:one failed on @local:\n"
        "    no one\n"
        "    wanted by files (box.yaml:1)\n"
        "command:two failed on @local:\n"
        "    no two\n"
        "    wanted by files (box.yaml:1)\n"
        "@local: 2 done, 2 failed, 3 not begun\n"
        "    not begun, because command:one failed: "
        f"link:{tmp_path}/needs-one, link:{tmp_path}/needs-that\n"
        f"    not begun, because command:one and command:two failed: link:{tmp_path}/needs-both\n"
        "hint: mend what failed, then run `envwright apply` again: it goes on from here"
    )


def test_json_says_what_was_done_what_failed_and_what_was_not_begun(
    two_failures: EnvwrightError, tmp_path: Path
) -> None:
    failed = [
        {
            "id": f"command:{name}",
            "message": f"command:{name} failed on @local:\n    no {name}\n"
            "    wanted by files (box.yaml:1)",
            "hint": "",
        }
        for name in ("one", "two")
    ]
    assert two_failures.json() == {
        "message": two_failures.message,
        "hint": two_failures.hint,
        "done": [f"link:{tmp_path}/{name}" for name in ("free", "needs-kept")],
        "failed": failed,
        "put_back": [],
        "not_begun": [
            {"id": f"link:{tmp_path}/needs-one", "because_of": ["command:one"]},
            {"id": f"link:{tmp_path}/needs-that", "because_of": ["command:one"]},
            {
                "id": f"link:{tmp_path}/needs-both",
                "because_of": ["command:one", "command:two"],
            },
        ],
    }


@pytest.mark.usefixtures("journal_file")
def test_what_cannot_be_repaired_stops_the_words_that_need_the_repair(
    session: Session, tmp_path: Path
) -> None:
    fragile = Change(link(tmp_path, "fragile"), Difference(None, {}, ("exists",)))
    mend = Change(command("mend", "", "exit 1"), Difference({}, {}, ("value",)), repair=Link)
    made = compiled()
    plan = Plan("box", "@local", DEBIAN, 1, (mend, fragile))
    with pytest.raises(StepError) as raised:
        apply(plan, made, session, SECRETS, Teller())
    assert raised.value.details["not_begun"] == [
        {"id": f"link:{tmp_path}/fragile", "because_of": ["command:mend"]}
    ]


@pytest.mark.usefixtures("journal_file")
def test_a_lost_session_ends_the_run_at_once_and_tells_what_failed_before(session: Session) -> None:
    wishes = (
        command("one", "exit 1", "exit 1"),
        command("two", "exit 1", "kill -9 0"),
        command("three", "exit 1", "true"),
    )
    teller = Teller()
    error = failing(session, *wishes, teller=teller)
    assert (type(error), teller.told) == (
        HostError,
        ["begin command:one", "failed command:one", "begin command:two"],
    )
    assert error.message.endswith(
        "\nbefore that: command:one failed on @local\n    wanted by files (box.yaml:1)"
    )
    assert [each["id"] for each in error.details["failed"]] == ["command:one"]


def test_the_first_failure_is_told_where_the_journal_is_lost_with_it(
    session: Session, journal_file: Path
) -> None:
    lost = command("disk", "exit 1", f"rm -r {journal_file.parent}; echo it is full; false")
    with pytest.raises(StepError) as raised:
        converge(session, lost)
    assert str(raised.value) == (
        "command:disk failed on @local:\n    it is full\n    wanted by files (box.yaml:1)"
    )


@pytest.mark.usefixtures("journal_file")
def test_a_step_that_succeeds_without_effect_is_an_error(session: Session) -> None:
    with pytest.raises(StepError) as raised:
        converge(session, command("a", "echo no", "true", "yes"), command("b", "exit 1", "true"))
    assert str(raised.value) == (
        "@local: every step succeeded, but the resources still differ:\n"
        "    command:a: value\n"
        "    command:b: exists\n"
        "hint: `envwright plan` shows how; another program may be changing them"
    )


@pytest.mark.usefixtures("journal_file")
def test_what_began_to_differ_during_the_run_is_an_error(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    right = command("right", f"test -e {file} && echo yes", "true", "yes")
    breaks = command("breaks", f"test ! -e {file}", f"rm {file}")
    with pytest.raises(StepError) as raised:
        converge(session, right, breaks)
    assert str(raised.value) == (
        "@local: every step succeeded, but the resources still differ:\n"
        "    command:right: exists (differs since this run)\n"
        "@local: 1 done, 1 failed, 0 not begun\n"
        "hint: `envwright plan` shows how; another program may be changing them"
    )


@pytest.mark.usefixtures("journal_file")
def test_what_waits_for_a_restart_is_left_and_is_no_error(session: Session, tmp_path: Path) -> None:
    waiting = Command(title="t", observe="exit 1", expected="", run="exit 5", seen=(), systemd=True)
    made = File(path=f"{tmp_path}/file", owner=ME, group=tmp_path.group())
    left = converge(session, waiting, made, machine=OFFLINE)
    assert [change.resource.id for change in left.changes] == ["command:t"]
    assert left.pending == left.changes


@pytest.mark.usefixtures("journal_file")
def test_a_run_says_where_the_one_before_was_cut_off(session: Session, tmp_path: Path) -> None:
    with local_session() as lost:
        Journal(lost, "box").__enter__().write("begin", step="package:git")
    made = compiled(File(path=f"{tmp_path}/file", owner=ME, group=tmp_path.group()))
    plan = make_plan(made, session, DEBIAN, SECRETS)
    teller = Teller()
    apply(plan, made, session, SECRETS, teller)
    assert teller.told[0] == "cut off package:git"


@pytest.mark.usefixtures("journal_file")
def test_what_became_another_while_a_person_thought_about_it_is_left_alone(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    made = compiled(File(path=str(file), content="right", owner=ME, group=tmp_path.group()))
    plan = make_plan(made, session, DEBIAN, SECRETS)
    file.write_text("somebody else's")
    begun = Teller()
    with pytest.raises(RefusedError) as raised:
        apply(plan, made, session, SECRETS, begun, shown=True)
    assert str(raised.value) == (
        "@local: the machine changed after its plan was shown; nothing was changed\n"
        "hint: run `envwright plan` or `envwright apply` again to see the new plan"
    )
    assert file.read_text() == "somebody else's"
    again = make_plan(made, session, DEBIAN, SECRETS)
    apply(again, made, session, SECRETS, begun, shown=True)
    assert file.read_text() == "right"


def test_a_secret_that_cannot_be_had_stops_the_run_before_it_begins(
    session: Session, tmp_path: Path, journal_file: Path
) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    made = compiled(
        File(path=f"{tmp_path}/one", owner=ME, group=tmp_path.group()),
        File(path=f"{tmp_path}/two", content=marker("token"), owner=ME, group=tmp_path.group()),
    )
    plan = make_plan(made, session, DEBIAN, Secrets({}))
    (tmp_path / "token.secret").unlink()
    teller = Teller()
    with pytest.raises(SecretError):
        apply(plan, made, session, secrets, teller)
    assert (teller.told, journal_file.exists(), (tmp_path / "one").exists()) == ([], False, False)
