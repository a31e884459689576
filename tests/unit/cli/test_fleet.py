"""Several hosts on one command line: what is said, what is asked, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from command import Said, words

from envwright.cli import main
from envwright.facts import Machine
from envwright.host.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")

AWAY = "@chroot//nowhere"
ERROR = "error: @chroot//nowhere: there is no directory /nowhere\nhint: make it with debootstrap\n"


class Terminal:
    """A stdin at which somebody sits."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._answer


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with box.yaml, which wants a file in it that says `right`."""
    (tmp_path / "box.yaml").write_text(
        f"name: box\nfiles: {{{tmp_path}/file: {{content: right}}}}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line; durations are no matter."""

    def function(*arguments: str) -> Said:
        code = main.main(arguments)
        out, err = capsys.readouterr()
        return Said(code, _without_seconds(out), err)

    return function


def _without_seconds(text: str) -> str:
    parts = text.split(" s)")
    return " s)".join([*(part.rpartition("(")[0] + "(0" for part in parts[:-1]), parts[-1]])


def release() -> str:
    with open_session("@local", hello=Machine.HELLO) as session:
        machine = Machine.read(session.hello.stdout)
    return f"{machine.distro} {machine.release}"


def made(box: Path) -> None:
    (box / "file").write_text("right")
    (box / "file").chmod(0o644)


def test_a_plan_tells_what_differs_where_and_goes_on_after_a_failure(box: Path, said: Any) -> None:
    hosts = ("-H", AWAY, "-H", "@local", "--parallel", "1")
    assert said("plan", "box.yaml", *hosts) == Said(
        1,
        "  unreachable  @chroot//nowhere  (0 s)\n"
        "  differs      @local: 1 to change  (0 s)\n"
        "\n"
        f"box on @local ({release()}, 1 resources)\n"
        "\n"
        f"  + file:{box}/file  files (box.yaml:2)\n"
        "      0644 root root\n"
        "      @@ -0,0 +1 @@\n"
        "      +right\n"
        "\n"
        "Plan: 1 to create, 0 to change, 0 to remove, 0 as they should be.\n"
        "\n"
        "1 of 2 differ:\n"
        f"  file:{box}/file  on 1: @local\n"
        "\n"
        "2 hosts: 1 unreachable, 1 differ.\n",
        ERROR,
    )


@pytest.mark.usefixtures("box")
def test_after_a_failure_fail_fast_leaves_the_others_alone(said: Any) -> None:
    hosts = ("-H", AWAY, "-H", "@local", "--parallel", "1", "--fail-fast")
    last = "\n2 hosts: 1 unreachable, 1 skipped.\n"
    first = "  unreachable  @chroot//nowhere  (0 s)\n"
    assert said("plan", "box.yaml", *hosts) == Said(1, first + last, ERROR)


def test_fail_fast_changes_nothing_anywhere_where_a_plan_fails(box: Path, said: Any) -> None:
    hosts = ("-H", "@local", "-H", AWAY, "--parallel", "1", "--fail-fast", "--yes", "--json")
    code, out, err = said("apply", "box.yaml", *hosts)
    outcomes = [host["outcome"] for host in json.loads(out)["hosts"]]
    assert (code, outcomes, err) == (1, ["skipped", "unreachable"], "")
    assert not (box / "file").exists()


@pytest.mark.usefixtures("box")
def test_a_restart_is_not_for_several_hosts_at_once(said: Any) -> None:
    hosts = ("-H", "@local", "-H", AWAY)
    code, out, err = said("apply", "box.yaml", *hosts, "--restart", "--yes")
    assert (code, out, err) == (
        1,
        "",
        "error: --restart is for one machine\nhint: name one by --host\n",
    )


def test_json_is_one_document_of_all_hosts(box: Path, said: Any) -> None:
    made(box)
    code, out, err = said("apply", "box.yaml", "-H", "@local", "-H", AWAY, "--json", "--yes")
    document = json.loads(out)
    here, away = document.pop("hosts")
    assert (code, err) == (1, "")
    assert document == {
        "version": 1,
        "verb": "apply",
        "exit_code": 1,
        "counts": {"same": 1, "unreachable": 1},
        "drift": [],
        "error": None,
    }
    plan = {"version": 1, "environment": "box", "host": "@local", "resources": 1}
    plan |= {
        "changes": [],
        "side_effects": [],
        "notes": [],
        "left_over": [],
        "failures": [],
        "waiting": [],
    }
    assert here["result"] == {"plan": plan, "pending": [], "waiting": [], "checks": []}
    assert (here["outcome"], here["exit_code"], here["error"]) == ("same", 0, None)
    assert (away["result"], away["error"]) == (
        None,
        {
            "message": "@chroot//nowhere: there is no directory /nowhere",
            "hint": "make it with debootstrap",
        },
    )


def test_an_inventory_of_one_host_is_as_that_host(box: Path, said: Any) -> None:
    (box / "one.py").write_text("hosts = (['@local'], {'environment': 'box.yaml'})\n")
    assert said("plan", "-i", "one.py") == said("plan", "box.yaml")
    assert said("plan", "-i", "one.py", "--json") == said("plan", "box.yaml", "--json")


TEAM = f"here = ['@local']\naway = ['{AWAY}']\n"


def outcomes(box: Path) -> dict[str, str]:
    summary = json.loads((box / "out/summary.json").read_text())
    return {host["host"]: host["outcome"] for host in summary["hosts"]}


def test_a_limit_takes_the_hosts_on_which_the_last_run_failed(box: Path, said: Any) -> None:
    (box / "team.py").write_text(TEAM)
    plan = ("plan", "box.yaml", "-i", "team.py", "--report", "out")
    assert said(*plan).code == 1
    assert outcomes(box) == {"@local": "differs", AWAY: "unreachable"}
    assert said(*plan, "--limit", "@failed") == Said(1, "", ERROR)
    assert outcomes(box) == {AWAY: "unreachable"}
    made(box)
    assert said(*plan, "--limit", "@differs").code == 0
    assert outcomes(box) == {"@local": "same"}
    assert said(*plan, "--limit", "@differs").err == (
        "error: --limit '@differs': no host of team.py is left\n"
        f"hint: its hosts are @local, {AWAY}\n"
    )


def test_the_report_of_a_host_has_what_json_prints_of_it(box: Path, said: Any) -> None:
    printed = json.loads(said("plan", "box.yaml", "--json").out)
    for _ in range(2):
        assert said("plan", "box.yaml", "--report", "out").code == 2
    report = json.loads((box / "out/hosts/@local.json").read_text())
    assert (report["verb"], report["result"]) == ("plan", printed)


def test_a_report_is_written_by_every_run_that_finds_nothing_to_do(box: Path, said: Any) -> None:
    made(box)
    for _ in range(2):
        assert said("plan", "box.yaml", "--report", "out").code == 0
        assert outcomes(box) == {"@local": "same"}
        (box / "out/summary.json").unlink()


def test_a_report_that_cannot_be_written_stops_a_run_before_it_begins(box: Path, said: Any) -> None:
    (box / "out").write_text("")
    hosts = ("-H", "@local", "-H", AWAY)
    assert said("apply", "box.yaml", *hosts, "--report", "out", "--yes") == Said(
        1,
        "",
        "error: the report cannot be written to out: File exists\n"
        "hint: name a folder that you can write to: --report DIR\n",
    )
    assert not (box / "file").exists()


def test_one_question_is_asked_for_all_hosts_and_no_changes_nothing(
    box: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, out, err = said("apply", "box.yaml", "-H", "@local", "-H", AWAY)
    assert out.endswith(f"\n1 of 2 differ:\n  file:{box}/file  on 1: @local\n")
    assert (code, err) == (
        1,
        f"{ERROR}\nMake these changes? [y/N] error: nothing was changed\n",
    )
    assert not (box / "file").exists()


def test_nobody_is_asked_where_nothing_differs(box: Path, said: Any) -> None:
    made(box)
    code, out, err = said("apply", "box.yaml", "-H", "@local", "-H", "@local")
    assert (code, err) == (0, "")
    assert out.endswith("\n2 hosts: 2 same.\n")


def test_a_verification_tells_which_checks_fail_where_and_writes_one_junit_file(
    box: Path, said: Any
) -> None:
    hosts = ("-H", "@local", "-H", AWAY)
    code, out, err = said("verify", "box.yaml", *hosts, "--junit", "all.xml", "--log-dir", "logs")
    assert (code, err) == (1, ERROR)
    assert f"\n1 of 2 fail checks:\n  file:{box}/file  on 1: @local\n      file(" in out
    assert out.endswith("\n2 hosts: 1 unproven, 1 unreachable.\n")
    assert '<testsuite name="box on @local"' in (box / "all.xml").read_text()
    assert "Verified: 0 passed, 1 failed, 0 skipped." in (box / "logs/local.log").read_text()
    assert (box / "logs/chroot__nowhere.log").read_text() == ERROR


def test_a_verification_of_several_is_one_tap_stream(box: Path, said: Any) -> None:
    made(box)
    code, out, err = said("verify", "box.yaml", "-H", "@local", "-H", "@local", "--format", "tap")
    point = f"# Subtest: @local\n    1..1\n    ok 1 - file:{box}/file\nok {{}} - @local\n"
    assert (code, out, err) == (
        0,
        f"TAP version 14\n1..2\n{point.format(1)}{point.format(2)}",
        "",
    )


def test_a_verification_of_several_is_one_document_by_either_option(box: Path, said: Any) -> None:
    made(box)
    hosts = ("-H", "@local", "-H", "@local")
    code, out, err = said("verify", "box.yaml", *hosts, "--format", "json")
    document = json.loads(out)
    assert (code, err, document["verb"], document["counts"]) == (0, "", "verify", {"proven": 2})
    assert json.loads(said("verify", "box.yaml", *hosts, "--json").out)["counts"] == {"proven": 2}


# --- Ctrl-C -------------------------------------------------------------------------------------


@pytest.fixture
def group() -> Iterator[list[int]]:
    """Process groups; what is left of them is ended."""
    groups: list[int] = []
    yield groups
    for each in groups:
        if _lives(each):
            os.killpg(each, signal.SIGKILL)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("verb", ["plan", "verify"])
@pytest.mark.parametrize("end", [os.kill, os.killpg], ids=["to the process", "by a terminal"])
def test_ctrl_c_ends_with_130_and_leaves_no_process(
    verb: str,
    end: Callable[[int, int], None],
    box: Path,
    group: list[int],
) -> None:
    # A login that never comes: ssh waits for the words of a server.
    started = box / "started"
    proxy = f"-F none -o 'ProxyCommand=sh -c \"echo >>{started}; cat >/dev/null\"'"
    argv = words(verb, "box.yaml", "-H", "@ssh/a", "-H", "@ssh/b", "--parallel", "2")
    process = subprocess.Popen(
        [*argv, "--report", str(box / "out")],
        env={**os.environ, "ENVWRIGHT_SSH_OPTIONS": proxy},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    group.append(process.pid)
    deadline = time.monotonic() + 60
    while not (started.exists() and len(started.read_bytes()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    end(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (
        130,
        b"",
        f"error: {verb} was interrupted\n".encode(),
    )
    assert outcomes(box) == {"@ssh/a": "interrupted", "@ssh/b": "interrupted"}
    while _lives(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
