"""Stages: which restart waits is computed from what the machine says, not from what was done."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standins import DEBIAN, ORIGIN, WSL, compiled, local_session

from envwright.engine.plan import Change, Plan, make_plan, skip_reasons
from envwright.facts import Boot, Booted, ChangeTime, Facts, Output, Shell, Unknown
from envwright.facts.windows import ProfileFile, Windows
from envwright.model import pending_restart
from envwright.model.resource import Difference, Moment
from envwright.model.secrets import Secrets
from envwright.resources.keys import Keys
from envwright.resources.member import Member
from envwright.resources.service import Service
from envwright.resources.windows.keys import WindowsKeys

if TYPE_CHECKING:
    from envwright.facts import Machine, Question
    from envwright.model.resource import Resource

CONF = Keys(path="/etc/wsl.conf", dialect="wsl", takes_effect=Moment.DISTRIBUTION)
CONFIG = WindowsKeys(file=".wslconfig", dialect="wslconfig", takes_effect=Moment.VM)
LOGIN = Member(user="dev", group="docker")
BOOT = Boot("b00t", 4200, 1000.0, 1042.5)

# --- When the machine started -------------------------------------------------------------------


def heard(*lines: str) -> Boot:
    question = Booted()
    return Booted.parse([question], "\n".join(lines).encode())[question]


def test_the_start_of_pid_1_is_counted_from_the_kernels() -> None:
    said = ("b00t", "1000", "100", "4250", "10005")
    assert heard(*said) == BOOT_AT_1043
    assert heard(*said, "0") == BOOT_AT_1043, "an old kernel knows no birth"
    assert heard(*said, "1043.2") == BOOT_AT_1043, "/run is made after PID 1 has started"


BOOT_AT_1043 = Boot("b00t", 4250, 1000.0, 1043.0)


def test_a_computer_that_was_asleep_does_not_seem_to_have_started_later() -> None:
    said = ("b00t", "8200", "100", "4250", "82005")
    assert heard(*said, "1043.0") == BOOT_AT_1043


def test_this_machine_says_when_it_started() -> None:
    with local_session() as session:
        output = session.run(Booted.script([Booted()])).stdout
    boot = Booted.parse([Booted()], output)[Booted()]
    btime = Path("/proc/stat").read_text("ascii").partition("btime ")[2].split()[0]
    assert boot.id == Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    assert boot.kernel <= int(btime)
    ticks = Path("/proc/1/stat").read_text("utf-8").rpartition(") ")[2].split()[19]
    assert boot.ticks == int(ticks)
    assert boot.init < time.time()


def test_this_machine_says_the_same_each_time_or_nearly() -> None:
    with local_session() as session:
        said = [session.run(Booted.script([Booted()])).text.split() for _ in range(20)]
    starts = [int(answer[4]) for answer in said]
    assert len({(*answer[:4], *answer[5:]) for answer in said}) == 1
    assert max(starts) - min(starts) <= 2, "the kernel's start is said by tenths of a second"


# --- What waits -----------------------------------------------------------------------------------


def facts(changed: float, **more: object) -> Facts:
    profile = ProfileFile("/mnt/c/Users/dev/.wslconfig", "", "", "file", "", changed)
    answers: dict[Question[object], object] = {
        Booted(): BOOT,
        ChangeTime("/etc/wsl.conf"): changed,
        Windows(file=".wslconfig"): profile,
    }
    return Facts({**answers, **{Shell(name): value for name, value in more.items()}})


@pytest.mark.parametrize(
    ("resource", "changed", "waiting"),
    [
        (CONF, 1042.49, False),
        (CONF, 1042.51, True),
        (CONFIG, 999.0, False),
        (CONFIG, 1000.9, False),
        (CONFIG, 1001.0, True),
        (LOGIN, 5000.0, False),
        (replace(CONF, takes_effect=Moment.NOW), 5000.0, False),
    ],
)
def test_what_was_written_after_the_start_that_reads_it_waits(
    resource: Resource, changed: float, *, waiting: bool
) -> None:
    assert pending_restart.is_pending(resource, facts(changed), WSL) is waiting


def test_elsewhere_than_under_wsl_nothing_waits_and_nothing_is_asked() -> None:
    assert pending_restart.is_pending(CONF, facts(5000.0), DEBIAN) is False
    assert list(pending_restart.questions([CONF, CONFIG], DEBIAN)) == []


def test_what_is_seen_to_be_in_effect_does_not_wait() -> None:
    conf = replace(CONF, effect_check="look")
    assert list(pending_restart.questions([conf, LOGIN], WSL)) == [
        Booted(),
        ChangeTime("/etc/wsl.conf"),
        Shell("look"),
    ]
    assert pending_restart.is_pending(conf, facts(5000.0, look=Output(0, "")), WSL) is False
    assert pending_restart.is_pending(conf, facts(5000.0, look=Output(1, "")), WSL) is True


def test_what_is_not_known_is_not_called_waiting() -> None:
    assert (
        pending_restart.is_pending(
            CONF, Facts({ChangeTime("/etc/wsl.conf"): None, Booted(): BOOT}), WSL
        )
        is False
    )
    unknown = Facts({Windows(file=".wslconfig"): Unknown("off"), Booted(): BOOT})
    assert pending_restart.is_pending(CONFIG, unknown, WSL) is False
    assert pending_restart.is_pending(CONF, Facts({}), WSL) is False


# --- In a plan --------------------------------------------------------------------------------


def plan_of(path: Path, machine: Machine) -> Plan:
    keys = Keys(
        path=str(path),
        dialect="wsl",
        keys={"boot.systemd": True},
        owner=path.owner(),
        group=path.group(),
        takes_effect=Moment.DISTRIBUTION,
    )
    with local_session() as session:
        plan = make_plan(compiled(keys), session, machine, Secrets({}))
        assert session.round_trips == 1
    return plan


def test_a_file_that_is_right_but_newer_than_the_start_waits_in_the_plan(tmp_path: Path) -> None:
    conf = tmp_path / "wsl.conf"
    conf.write_text("[boot]\nsystemd = true\n", "utf-8")
    conf.chmod(0o644)
    plan = plan_of(conf, WSL)
    assert (bool(plan), [r.id for r in plan.waiting]) == (False, [f"keys:{conf}"])
    assert plan.restart is Moment.DISTRIBUTION
    assert plan.json()["waiting"] == [
        {"id": f"keys:{conf}", "after": "wsl --terminate Ubuntu-24.04"}
    ]
    elsewhere = plan_of(conf, DEBIAN)
    assert (elsewhere.waiting, elsewhere.restart) == ((), None)


def test_a_file_that_is_to_be_written_asks_for_the_restart_before_it_is(tmp_path: Path) -> None:
    conf = tmp_path / "wsl.conf"
    conf.write_text("[boot]\nsystemd = false\n", "utf-8")
    os.utime(conf, (0, 0))
    plan = plan_of(conf, WSL)
    assert (plan.waiting, plan.restart) == ((), Moment.DISTRIBUTION)


def waiting_for(*resources: Resource) -> Plan:
    return Plan("box", "@local", WSL, 3, (), resources)


def test_the_restart_of_the_virtual_machine_includes_that_of_the_distribution() -> None:
    assert waiting_for(CONF, CONFIG).restart is Moment.VM
    assert waiting_for(CONFIG, CONF).restart is Moment.VM
    assert waiting_for(CONF).restart is Moment.DISTRIBUTION
    assert waiting_for().restart is None


def test_checks_are_told_what_cannot_be_seen_yet() -> None:
    conf = replace(CONF, origins=(ORIGIN,))
    late = Service(unit="x.service", origins=(replace(ORIGIN, capability="systemd"),))
    change = Change(late, Difference({}, {"running": True}, ("running",)), "no systemd")
    assert skip_reasons(
        Plan("box", "@local", WSL, 3, (change,), (conf,))
    ) == pending_restart.SkipReasons(
        {"service:x.service": "no systemd"},
        {
            "files": "keys:/etc/wsl.conf waits: takes effect after `wsl --terminate Ubuntu-24.04`",
            "systemd": "service:x.service waits: no systemd",
        },
    )
    assert skip_reasons(waiting_for()) == pending_restart.NO_SKIPS
