"""UserService: a unit of an account's own manager, asked and changed in the account's name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.facts import WAITING, Facts, UnitStatus, UserUnit, systemctl_of
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Difference, compare
from envwright.resources.user_service import UserService

if TYPE_CHECKING:
    from envwright.model.resource import Fields, State

TIMER = UserService(user="dev", home="/home/dev", unit="x.timer")
OWN = systemctl_of("dev")
GOOD: Fields = {"running": True, "enabled": True, "up to date": True}


def seen(service: UserService, status: UnitStatus) -> State | None:
    state = service.actual(Facts({UserUnit(service.unit, service.user): status}))
    assert state is None or isinstance(state, dict)
    return state


def test_it_has_the_name_of_the_account_and_of_the_unit() -> None:
    assert TIMER.id == "user-service:dev/x.timer"


def test_a_unit_whose_manager_does_not_run_yet_does_not_run() -> None:
    status = UnitStatus(WAITING, "", "enabled", stale=False, started=None)
    assert seen(TIMER, status) == {**GOOD, "running": False}
    assert compare(seen(TIMER, status), TIMER.desired()).fields == ("running",)


@pytest.mark.parametrize(
    ("fragment", "outdated"),
    [
        ("/home/dev/.config/systemd/user/x.timer", True),
        ("/run/user/1000/systemd/transient/x.timer", False),
        ("/home/dev/.config/systemd/user.control/x.timer", False),
    ],
)
def test_a_unit_file_that_stands_before_its_own_is_told(fragment: str, *, outdated: bool) -> None:
    own = "/home/dev/.config/systemd/user/x.timer"
    timer = UserService(user="dev", home="/home/dev", unit="x.timer", reads=(own,))
    status = UnitStatus("loaded", "active", "enabled", stale=False, started=1.0, fragment=fragment)
    state = seen(timer, status) or {}
    told = f"systemd reads {fragment}, not {own}; remove {fragment}"
    assert state["up to date"] == (True if outdated else told)


@pytest.mark.parametrize(
    ("before", "fields", "script"),
    [
        (
            None,
            (EXISTENCE,),
            "daemon-reload && systemctl enable -- x.timer && systemctl start -- x.timer",
        ),
        (
            {**GOOD, "running": False},
            ("running",),
            "enable -- x.timer && systemctl start -- x.timer",
        ),
    ],
)
def test_the_account_s_manager_is_told_what_differs(
    before: State | None, fields: tuple[str, ...], script: str
) -> None:
    calls = list(TIMER.converge(Difference(before, GOOD, fields)))
    assert calls == [operation("server.shell", commands=[f"{OWN}systemctl {script}"])]


def test_every_check_asks_the_account_s_manager() -> None:
    checks = list(TIMER.witness())
    assert checks[1] == Assertion("run", (f"{OWN}systemctl is-active --quiet -- x.timer",), "rc", 0)
    assert {(c.module, c.arguments[0].startswith(OWN)) for c in checks} == {("run", True)}


def test_the_journal_of_the_account_tells_why_a_unit_failed() -> None:
    service = UserService(user="dev", home="/home/dev", unit="x.service")
    script = service.health_check(Difference(None, GOOD, (EXISTENCE,)))
    given = script.removeprefix(OWN).partition("\n")[0]
    assert given == (
        'unit=x.service; own="_SYSTEMD_USER_UNIT=$unit _UID=$(id -u -- dev)" '
        'about="USER_UNIT=$unit _UID=$(id -u -- dev)"; looks=20; set -- '
    )


def test_the_units_of_several_accounts_are_asked_in_one_script_and_told_apart() -> None:
    questions = [
        UserUnit("a.timer", "dev"),
        UserUnit("a.timer", "anna"),
        UserUnit("b.timer", "dev"),
    ]
    shown = (
        b"Names=a.timer\nLoadState=waiting\n\nNames=b.timer\nLoadState=loaded\n\n\0"
        b"Names=a.timer\nLoadState=not-found\n\n\0"
    )
    answers = UserUnit.parse(questions, shown)
    assert {(q, status.load) for q, status in answers.items()} == {
        (questions[0], "waiting"),
        (questions[1], "not-found"),
        (questions[2], "loaded"),
    }


def test_a_hostile_name_reaches_no_shell_unquoted() -> None:
    script = UserUnit.script([UserUnit("a'b;exit 9.timer", "x'y;exit 9")])
    done = subprocess.run(["sh", "-nc", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
