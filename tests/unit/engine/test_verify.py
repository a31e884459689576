"""Verification: what testinfra sees through a session, told in our words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from standins import ME, StandInSection, StandInSession, compiled, local_session, secrets_of

from envwright.engine.verify import CheckError, host_over, observe, prove, run, tap, witness
from envwright.errors import HostError
from envwright.host.session import Result as Answer
from envwright.model.pending_restart import SkipReasons
from envwright.model.proof import Assertion, Proof, Result, View
from envwright.model.secrets import Secrets, marker
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testinfra.host import Host

    from envwright.host.session import Session
    from envwright.model.resource import Resource
    from envwright.spec.compiler import Compiled

NO_SECRETS = Secrets({})


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


@pytest.fixture
def host(session: Session) -> Host:
    return host_over(session)


def fault(resource: Resource, host: Host, secrets: Secrets = NO_SECRETS) -> str:
    """What a witness objects to; "" for nothing."""
    try:
        witness(resource, host, secrets)
    except CheckError as error:
        return str(error)
    return ""


def seeing(*assertions: Assertion) -> Command:
    return Command(title="t", observe="", expected="", run="", seen=assertions)


# --- The backend ------------------------------------------------------------------------------


def test_a_command_has_its_arguments_quoted_and_its_answer_whole(host: Host) -> None:
    odd = "a 'b' \"c\" $HOME"
    done = host.run("printf '%%s|' %s %s; echo err >&2; exit 3", odd, "ä")
    assert (done.rc, done.stdout, done.stderr) == (3, f"{odd}|ä|", "err\n")
    assert host.run(r"printf '\377'").stdout == "\udcff"


# --- Witnesses --------------------------------------------------------------------------------


def test_files_as_they_should_be_have_good_witnesses(host: Host, tmp_path: Path) -> None:
    mine: dict[str, Any] = {"owner": ME, "group": tmp_path.group()}
    file, env = tmp_path / "a 'file'", tmp_path / "env"
    file.write_text("ä\n")
    file.chmod(0o640)
    env.write_text('A="x y"\nN=5\n')
    env.chmod(0o644)
    (tmp_path / "folder").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("no where")
    wishes = [
        File(path=str(file), content="ä\n", mode="0640", **mine),
        File(path=f"{tmp_path}/absent", present=False),
        Directory(path=f"{tmp_path}/folder", mode="0700", **mine),
        Link(path=f"{tmp_path}/link", target="no where", **mine),
        Keys(path=str(env), dialect="env", keys={"A": "x y", "N": 5, "Z": None}, **mine),
    ]
    assert [fault(spec, host) for spec in wishes] == [""] * len(wishes)


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        ("rm", "file('{path}').is_file is False, not True"),
        ("chmod 0600", "file('{path}').mode is 0o600, not 0o644"),
        ("echo more >>", "file('{path}').content_string differs"),
        ("ln -sf text", "file('{path}').is_symlink is True, not False"),
    ],
)
def test_a_file_that_was_broken_has_a_bad_witness(
    session: Session, host: Host, tmp_path: Path, breaking: str, told: str
) -> None:
    path = tmp_path / "file"
    path.write_text("text\n")
    (tmp_path / "text").write_text("text\n")
    path.chmod(0o644)
    spec = File(path=str(path), content="text\n", owner=ME, group=tmp_path.group())
    assert fault(spec, host) == ""
    session.run(f"{breaking} {path}")
    assert fault(spec, host) == told.format(path=path)


def test_a_link_that_was_turned_has_a_bad_witness(host: Host, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("other")
    spec = Link(path=f"{tmp_path}/link", target="this", owner=ME, group=tmp_path.group())
    told = f"run('readlink {tmp_path}/link').stdout is 'other\\n', not 'this\\n'"
    assert fault(spec, host) == told


def test_a_key_is_looked_at_through_the_view_of_its_dialect(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text('{"a": {"b": [1]}}')
    seen = ("file", (str(path),), "content_string")
    good = Assertion(*seen, [1], view=View("json", "a/b"))
    bad = Assertion(*seen, [2], view=View("json", "a/b"))
    assert (observe(host, good), fault(seeing(good), host)) == ([1], "")
    assert fault(seeing(bad), host) == f"file('{path}').content_string a/b is [1], not [2]"


def test_what_must_hold_something_is_told_what_it_holds(host: Host) -> None:
    good = Assertion("run", ("echo a b",), "stdout", "a", contained=True)
    bad = Assertion("run", ("echo a b",), "stdout", "c", contained=True)
    assert fault(seeing(good), host) == ""
    assert fault(seeing(bad), host) == r"run('echo a b').stdout is 'a b\n', not 'c'"


def test_long_values_are_cut(host: Host) -> None:
    told = fault(seeing(Assertion("run", ("seq 100",), "stdout", "x" * 500)), host)
    assert [len(part) for part in told.split(" is ")[1].split(", not ")] == [120, 120]


def test_what_testinfra_cannot_see_is_a_failure_in_its_words(host: Host) -> None:
    missing = Assertion("user", ("no-such-user",), "uid", 5)
    assert fault(seeing(missing), host).startswith("user('no-such-user').uid: ")


def test_a_secret_is_compared_and_not_told(host: Host, tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    (tmp_path / "file").write_text("hunter22")
    say = Assertion("file", (f"{tmp_path}/file",), "content_string", marker("token"))
    assert fault(seeing(say), host, secrets) == ""
    (tmp_path / "file").write_text("stale-secret")
    told = f"file('{tmp_path}/file').content_string differs (it holds secrets)"
    assert fault(seeing(say), host, secrets) == told


# --- Proofs -----------------------------------------------------------------------------------


def test_a_proof_that_shows_its_effect_is_silent(host: Host) -> None:
    prove(Proof("it works", "echo fine"), host, NO_SECRETS)


@pytest.mark.parametrize(
    ("script", "told"),
    [("echo seen; echo wrong >&2; exit 2", "seen\nwrong"), ("exit 5", "exit code 5")],
)
def test_a_proof_that_fails_says_what_was_seen(host: Host, script: str, told: str) -> None:
    with pytest.raises(CheckError) as raised:
        prove(Proof("it works", script), host, NO_SECRETS)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo looking; echo 'no GPU'; exit 77", "no GPU"),
        ("exit 77", "this machine cannot show the effect"),
    ],
)
def test_a_proof_that_cannot_be_made_is_skipped_with_the_reason(
    host: Host, script: str, told: str
) -> None:
    with pytest.raises(pytest.skip.Exception) as raised:
        prove(Proof("it works", script), host, NO_SECRETS)
    assert str(raised.value) == told


def test_a_proof_reads_a_secret_from_its_stdin(host: Host, tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    script = 'read -r word; [ "$word" = hunter22 ] || { echo "got $word"; exit 1; }'
    prove(Proof("it logs in", script, given=f"{marker('token')}\n"), host, secrets)
    with pytest.raises(CheckError) as raised:
        prove(Proof("it logs in", script, given="other\n"), host, secrets)
    assert str(raised.value) == "got other"


# --- A run ------------------------------------------------------------------------------------


def environment(folder: Path) -> Compiled:
    (folder / "file").write_text("text\n")
    mine: dict[str, Any] = {"owner": ME, "group": folder.group(), "mode": "0644"}
    (folder / "file").chmod(0o644)
    return compiled(
        StandInSection(
            "files",
            [
                File(path=f"{folder}/file", content="text\n", **mine),
                File(path=f"{folder}/missing", **mine),
            ],
            [
                Proof("it works", "true"),
                Proof("it has a GPU: [a/b]::c", "echo none; exit 77"),
                Proof("it is fast", "echo slow; echo 'very slow'; exit 1"),
            ],
        )
    )


def expected(folder: Path) -> list[tuple[str, str, str]]:
    missing = f"file('{folder}/missing').is_file is False, not True"
    return [
        (f"file:{folder}/file", "passed", ""),
        (f"file:{folder}/missing", "failed", missing),
        ("it works", "passed", ""),
        ("it has a GPU: [a/b]::c", "skipped", "none"),
        ("it is fast", "failed", "slow\nvery slow"),
    ]


def test_every_resource_and_proof_is_checked_and_told_as_it_comes(
    session: Session, tmp_path: Path
) -> None:
    told: list[Result] = []
    results = run(environment(tmp_path), session, NO_SECRETS, tell=told.append)
    assert [(r.id, r.outcome, r.reason) for r in results] == expected(tmp_path)
    assert told == results
    first = results[0]
    assert first.json() == {
        "id": first.id,
        "outcome": "passed",
        "reason": "",
        "seconds": first.seconds,
    }


def test_what_waits_for_a_restart_is_skipped_and_a_proof_that_holds_is_passed(
    session: Session, tmp_path: Path
) -> None:
    missing = f"file:{tmp_path}/missing"
    skips = SkipReasons({missing: "not yet"}, {"files": "x waits: not yet"})
    results = run(environment(tmp_path), session, NO_SECRETS, skips=skips, tell=lambda _: None)
    assert [(r.id, r.outcome, r.reason) for r in results] == [
        (f"file:{tmp_path}/file", "passed", ""),
        (missing, "skipped", "not yet"),
        ("it works", "passed", ""),
        ("it has a GPU: [a/b]::c", "skipped", "none"),
        ("it is fast", "skipped", "x waits: not yet"),
    ]


def test_the_users_own_pytest_has_no_say(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --maxfail=1")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    before = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_P")}
    results = run(environment(tmp_path), session, NO_SECRETS, tell=lambda _: None)
    assert [(r.id, r.outcome, r.reason) for r in results] == expected(tmp_path)
    assert {n: v for n, v in os.environ.items() if n.startswith("PYTEST_P")} == before
    assert os.environ["PYTEST_ADDOPTS"] == "-k nothing --maxfail=1"
    assert "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ


def test_a_run_writes_junit_xml(session: Session, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    run(environment(tmp_path), session, NO_SECRETS, tell=lambda _: None, junit=junit)
    (suite,) = ET.parse(junit).getroot()
    counts = {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")}
    assert counts == {
        "name": "box",
        "tests": "5",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
    }


def test_a_fault_of_ours_fails_its_check_alone(tmp_path: Path) -> None:
    class Broken(StandInSession):
        """A session that trips over one command."""

        def run(self, script: str, **_: object) -> Answer:
            if "trip" in script:
                raise ZeroDivisionError("over a stone")
            return Answer(0, b"", b"")

    proofs = [Proof("one", "trip"), Proof("two", "true")]
    made = compiled(StandInSection("files", [], proofs))
    one, two = run(made, Broken(), NO_SECRETS, tell=lambda _: None)
    assert (one.outcome, "ZeroDivisionError: over a stone" in one.reason) == ("failed", True)
    assert (two.outcome, two.reason) == ("passed", "")
    assert list(tmp_path.iterdir()) == []


class Tripping(StandInSession):
    """A session in which asking ends in an exception."""

    def __init__(self, exception: BaseException) -> None:
        super().__init__()
        self.exception = exception

    def run(self, *_: object, **__: object) -> Answer:
        raise self.exception

    def run_batch(self, *_: object, **__: object) -> list[bytes]:
        raise self.exception


@pytest.mark.parametrize("exception", [HostError("@box: lost"), KeyboardInterrupt()])
@pytest.mark.parametrize("proofs", [[], [Proof("it works", "true")]])
def test_what_is_no_verdict_on_the_machine_is_never_taken_for_one(
    exception: BaseException, proofs: list[Proof]
) -> None:
    files = [] if proofs else [File(path="/etc/x")]
    made, told = compiled(StandInSection("files", files, proofs)), list[Result]()
    with pytest.raises(type(exception)) as raised:
        run(made, Tripping(exception), NO_SECRETS, tell=told.append)
    assert (str(raised.value), told) == (str(exception), [])


def test_a_prefetch_that_fails_by_a_fault_of_ours_fails_a_check() -> None:
    made = compiled(StandInSection("files", [File(path="/etc/x")]))
    (result,) = run(made, Tripping(ZeroDivisionError("by zero")), NO_SECRETS, tell=lambda _: None)
    assert (result.id, result.outcome, "by zero" in result.reason) == (
        "file:/etc/x",
        "failed",
        True,
    )


def test_results_are_written_for_the_test_anything_protocol() -> None:
    results = [
        Result("file:/a", "passed", "", 0.1),
        Result("it works", "skipped", "no GPU", 0.1),
        Result("service:x", "failed", "one\ntwo", 0.1),
    ]
    assert tap(results) == (
        "TAP version 14\n"
        "1..3\n"
        "ok 1 - file:/a\n"
        "ok 2 - it works # SKIP no GPU\n"
        "not ok 3 - service:x\n"
        "# one\n"
        "# two\n"
    )


def test_a_name_or_reason_cannot_forge_a_line_of_the_protocol() -> None:
    results = [
        Result("file:/a # SKIP b\\\nok 9 - c", "failed", "one\x1b[1A\rtwo", 0.1),
        Result("it works", "skipped", "no\nnot ok 7", 0.1),
    ]
    assert tap(results) == (
        "TAP version 14\n"
        "1..2\n"
        "not ok 1 - file:/a \\# SKIP b\\\\\\\\nok 9 - c\n"
        "# one\\x1b[1A\\x0dtwo\n"
        "ok 2 - it works # SKIP no\\nnot ok 7\n"
    )


def test_what_a_check_says_is_masked_and_made_visible_in_junit_too(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, TOKEN="hunter22")
    secrets.reveal(marker("TOKEN"))
    proofs = [
        Proof("one \u202e", "printf 'hunter22 \\033[2K'; exit 1"),
        Proof("two", "printf 'hunter22 \\033[2K'; exit 77"),
    ]
    made, file = compiled(StandInSection("files", [], proofs)), tmp_path / "junit.xml"
    with local_session() as session:
        run(made, session, secrets, tell=lambda _: None, junit=file)
    cases = ET.parse(file).getroot().iter("testcase")
    assert [(c.get("name"), c[0].get("message")) for c in cases] == [
        (r"one \u202e", r"⟦secret:TOKEN⟧ \x1b[2K"),
        ("two", r"⟦secret:TOKEN⟧ \x1b[2K"),
    ]
