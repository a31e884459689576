"""Service: a unit that runs, starts at boot, and has read its files as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from standins import DEBIAN, OFFLINE

from envwright.facts import ChangeTime, Facts, Question, Unit, UnitStatus, Unknown
from envwright.model.operations import Changed, operation
from envwright.model.proof import Assertion
from envwright.model.resource import Difference, Fields, compare
from envwright.resources.service import CRASHED, NOT_BOOTED, Service

NAME = "x.service"
PLAIN = Service(unit=NAME)
READER = Service(unit=NAME, reads=("/etc/a", "/etc/b"))
READ = tuple(f"{word}:/etc/{name}" for name in "ab" for word in ("file", "keys", "link"))
MASKED = Service(unit=NAME, masked=True)
GOOD: Fields = {"running": True, "enabled": True, "up to date": True}


def unit(
    *,
    load: str = "loaded",
    active: str = "active",
    enabled: str = "enabled",
    stale: bool = False,
    **more: Any,
) -> UnitStatus:
    started = 100.0 if active == "active" else None
    return UnitStatus(load, active, enabled, stale, started, **more)


def facts(status: UnitStatus | Unknown, **changed: float) -> Facts:
    files: dict[Question[Any], Any] = {
        ChangeTime(f"/etc/{name}"): time for name, time in changed.items()
    }
    return Facts({Unit(NAME): status, **files})


def state(service: Service, status: UnitStatus | Unknown, **changed: float) -> Any:
    return service.actual(facts(status, **changed))


@pytest.mark.parametrize("sub", ["auto-restart", "auto-restart-queued"])
def test_a_unit_that_crashes_and_waits_for_its_next_start_does_not_run(sub: str) -> None:
    looping = replace(unit(active="activating"), sub=sub)
    crashed = "fails again and again: systemd restarts the unit"
    assert state(PLAIN, looping) == {**GOOD, "running": crashed}
    stopped = Service(unit=NAME, running=False)
    assert compare(state(stopped, looping), stopped.desired()).fields == ("running",)


@pytest.mark.parametrize(
    ("restarts", "age", "running"),
    [
        (0, None, True),
        (1, 9.0, "fails again and again: systemd restarts the unit"),
        (1, 10.1, True),
        (30, 200.0, "fails again and again: systemd restarts the unit"),
        (5000, 599.0, "fails again and again: systemd restarts the unit"),
        (5000, 601.0, True),
    ],
)
def test_a_unit_runs_when_it_has_outlived_its_failures(
    *, restarts: int, age: float | None, running: bool | str
) -> None:
    assert state(PLAIN, unit(restarts=restarts, age=age)) == {**GOOD, "running": running}


def test_a_unit_on_its_way_up_does_not_run_yet() -> None:
    starting = unit(active="activating", sub="start")
    assert state(PLAIN, starting) == {**GOOD, "running": "starting"}
    stopped = Service(unit=NAME, running=False)
    assert compare(state(stopped, starting), stopped.desired()).fields == ("running",)


TIMER = Service(unit="x.timer")


@pytest.mark.parametrize(
    ("sub", "ran", "refusals"),
    [
        ("waiting", False, ()),
        ("elapsed", True, ()),
        (
            "elapsed",
            False,
            (
                (
                    "x.timer is never due: the timer has no next run, and had none before; "
                    "correct the times in its [Timer] section"
                ),
            ),
        ),
    ],
)
def test_a_timer_has_a_next_run_or_had_one(
    *, sub: str, ran: bool, refusals: tuple[str, ...]
) -> None:
    answers = Facts({Unit("x.timer"): unit(sub=sub, ran=ran)})
    difference = compare(TIMER.actual(answers), TIMER.desired())
    assert bool(difference) is bool(refusals)
    assert Service.forecast([(TIMER, difference)], answers, set()).refusals == refusals


OWN = Service(unit=NAME, reads=("/etc/systemd/system/x.service",))


@pytest.mark.parametrize(
    ("fragment", "current"),
    [
        ("/etc/systemd/system/x.service", True),
        ("/usr/lib/systemd/system/x.service", False),
        (
            "/run/systemd/transient/x.service",
            (
                "systemd reads /run/systemd/transient/x.service, not /etc/systemd/system/x.service;"
                " remove /run/systemd/transient/x.service"
            ),
        ),
    ],
)
def test_a_unit_with_a_file_of_its_own_is_up_to_date_when_systemd_reads_that_file(
    *, fragment: str, current: bool | str
) -> None:
    assert state(OWN, unit(fragment=fragment)) == {**GOOD, "up to date": current}
    assert state(PLAIN, unit(fragment=fragment)) == GOOD


def test_a_unit_whose_files_systemd_cannot_use_is_not_up_to_date() -> None:
    reason = "systemd cannot use its files; `systemd-analyze verify x.service` says why"
    assert state(PLAIN, unit(load="bad-setting")) == {**GOOD, "up to date": reason}


GONE = unit(load="not-found", active="inactive", enabled="")


@pytest.mark.parametrize(
    ("service", "missed"),
    [
        (Service(unit=NAME, running=False, enabled=False), False),
        (Service(unit=NAME, running=False, enabled=None), False),
        (Service(unit=NAME, running=None, enabled=False), False),
        (Service(unit=NAME, running=None, enabled=None), True),
        (Service(unit=NAME, running=False, enabled=True), True),
        (MASKED, True),
    ],
)
def test_a_unit_that_does_not_exist_is_off_already(*, service: Service, missed: bool) -> None:
    assert bool(compare(state(service, GONE), service.desired())) is missed


MISSING = (
    "the unit x.service does not exist: correct its name, or add the package that brings the unit"
)
NO_INSTALL = (
    "x.service cannot start at boot: its unit file has no [Install] section, and no other unit "
    "starts it; add the section, or leave out `enabled`"
)
BAD = "x.service: systemd cannot use its files; `systemd-analyze verify x.service` says why"


@pytest.mark.parametrize(
    ("service", "status", "changed", "refusals"),
    [
        (PLAIN, GONE, set(), (MISSING,)),
        (PLAIN, GONE, {"package:x"}, ()),
        (READER, GONE, {"file:/etc/c"}, (MISSING,)),
        (READER, GONE, {"file:/etc/a"}, ()),
        (MASKED, GONE, set(), ()),
        (PLAIN, unit(enabled="static"), set(), (NO_INSTALL,)),
        (PLAIN, unit(load="bad-setting"), set(), (BAD,)),
        (READER, unit(load="bad-setting"), {"file:/etc/a"}, ()),
        (PLAIN, unit(stale=True), set(), ()),
    ],
)
def test_what_apply_cannot_mend_is_refused_unless_the_plan_brings_it(
    service: Service, status: UnitStatus, changed: set[str], refusals: tuple[str, ...]
) -> None:
    answers = facts(status)
    difference = compare(service.actual(answers), service.desired())
    assert Service.forecast([(service, difference)], answers, changed).refusals == refusals


# --- What is wanted ---------------------------------------------------------------------------


def test_a_service_asks_for_its_unit_and_what_it_reads() -> None:
    assert (READER.id, READER.questions()) == (
        "service:x.service",
        (Unit(NAME), ChangeTime("/etc/a"), ChangeTime("/etc/b")),
    )
    assert tuple(READER.autorequires) == READ


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        (PLAIN, GOOD),
        (Service(unit=NAME, running=None, enabled=None), {"up to date": True}),
        (Service(unit=NAME, running=False), {"running": False, "enabled": True}),
        (MASKED, {"enabled": "masked", "running": False}),
    ],
)
def test_what_is_left_out_is_not_wanted(service: Service, wanted: dict[str, Any]) -> None:
    assert service.desired() == wanted


# --- What is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (unit(), GOOD),
        (unit(active="inactive"), {**GOOD, "running": False}),
        (unit(active="failed"), {**GOOD, "running": "failed"}),
        (unit(enabled="disabled"), {**GOOD, "enabled": False}),
        (unit(enabled="static", pulled=True), GOOD),
        (unit(enabled="linked"), {**GOOD, "enabled": False}),
        (unit(enabled="enabled-runtime"), {**GOOD, "enabled": "enabled until the next boot"}),
        (unit(enabled="alias"), GOOD),
        (unit(enabled="masked-runtime"), {**GOOD, "enabled": "masked until the next boot"}),
        (unit(stale=True), {**GOOD, "up to date": False}),
        (unit(load="not-found"), None),
        (Unknown("why"), Unknown("why")),
    ],
)
def test_a_service_is_as_systemd_says(status: UnitStatus, found: Any) -> None:
    assert state(PLAIN, status) == found


def test_one_that_must_not_run_may_have_failed() -> None:
    stopped = Service(unit=NAME, running=False)
    assert not compare(state(stopped, unit(active="failed")), stopped.desired())
    assert not compare(state(MASKED, unit(active="failed", enabled="masked")), MASKED.desired())


def test_a_service_is_outdated_by_a_file_that_changed_after_it_started() -> None:
    assert state(READER, unit(), a=99.0, b=100.0)["up to date"] is True
    assert state(READER, unit(), a=99.0, b=100.1)["up to date"] is False
    assert state(READER, unit(active="inactive"), a=500.0)["up to date"] is True


@pytest.mark.parametrize(
    ("service", "enabled", "found"),
    [
        (PLAIN, "enabled", {**GOOD, "running": Unknown(NOT_BOOTED), "offline": True}),
        (
            PLAIN,
            "",
            {**GOOD, "enabled": False, "running": Unknown(NOT_BOOTED), "offline": True},
        ),
        (
            Service(unit=NAME, running=None),
            "disabled",
            {"enabled": False, "running": False, "up to date": True, "offline": True},
        ),
        (
            MASKED,
            "masked",
            {"enabled": "masked", "running": False, "up to date": True, "offline": True},
        ),
    ],
)
def test_without_systemd_only_what_starts_at_boot_is_known(
    service: Service, enabled: str, found: Any
) -> None:
    assert state(service, unit(load="offline", active="", enabled=enabled), a=500.0) == found


def test_only_what_must_run_waits_for_systemd() -> None:
    services = (PLAIN, Service(unit=NAME, running=None), Service(unit=NAME, running=False), MASKED)
    assert [service.pending(OFFLINE) for service in services] == [NOT_BOOTED, "", "", ""]
    assert PLAIN.pending(DEBIAN) == ""


# --- What is done -----------------------------------------------------------------------------


RESET = operation("server.shell", commands=["systemctl reset-failed -- x.service || :"])


def service_call(**arguments: Any) -> Any:
    usual = {"running": True, "enabled": True, "restarted": False, "daemon_reload": False}
    return operation("systemd.service", service=NAME, **{**usual, **arguments})


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        (None, [service_call(daemon_reload=True)]),
        ({**GOOD, "enabled": False}, [service_call()]),
        (
            {**GOOD, "up to date": False},
            [RESET, service_call(restarted=True, daemon_reload=True)],
        ),
        (
            {**GOOD, "enabled": "masked", "running": False},
            [operation("server.shell", commands=["systemctl unmask -- x.service"]), service_call()],
        ),
        (
            {**GOOD, "running": "failed"},
            [RESET, service_call()],
        ),
        (
            {**GOOD, "running": "fails again and again: systemd restarts the unit"},
            [*PLAIN.recover(), service_call()],
        ),
        (
            {**GOOD, "enabled": "masked until the next boot"},
            [
                operation("server.shell", commands=["systemctl unmask --runtime -- x.service"]),
                service_call(),
            ],
        ),
        ({**GOOD, "enabled": "enabled until the next boot"}, [service_call()]),
    ],
)
def test_a_service_converges_by_pyinfras_own_operation(before: Any, calls: list[Any]) -> None:
    assert list(PLAIN.converge(compare(before, GOOD))) == calls


def test_a_socket_that_was_masked_is_restarted_for_it_listens_no_more() -> None:
    socket = Service(unit="x.socket")
    before: Fields = {**GOOD, "enabled": "masked"}
    *_, call = socket.converge(compare(before, GOOD))
    assert call == operation(
        "systemd.service",
        service="x.socket",
        running=True,
        enabled=True,
        restarted=True,
        daemon_reload=True,
    )


def test_a_unit_that_a_package_brings_starts_although_it_failed_there() -> None:
    brought = Service(unit=NAME, needs=("package:x",))
    stop = "systemctl is-active --quiet -- x.service || systemctl stop -- x.service || :"
    reset = operation("server.shell", commands=[stop, "systemctl reset-failed -- x.service || :"])
    assert list(brought.converge(compare(None, GOOD))) == [
        reset.given(Changed(("package:x",))),
        service_call(daemon_reload=True),
    ]


def test_one_whose_running_is_not_managed_restarts_only_when_it_runs() -> None:
    open_ = Service(unit=NAME, running=None, enabled=None)
    for running in (True, False):
        outdated: Fields = {**GOOD, "running": running, "up to date": False}
        assert list(open_.converge(compare(outdated, open_.desired()))) == [
            *([RESET] if running else []),
            service_call(running=None, enabled=None, restarted=running, daemon_reload=True),
        ]


NOBODY_S = Service(unit=NAME, running=None, enabled=None)
OUTDATED = {**GOOD, "up to date": False}


WORKED, WATCHED = "worked", "watched"


@pytest.mark.parametrize(
    ("service", "before", "is_"),
    [
        (PLAIN, OUTDATED, {WORKED, WATCHED}),
        (NOBODY_S, OUTDATED, {WORKED, WATCHED}),
        (NOBODY_S, {**OUTDATED, "running": False}, set()),
        (PLAIN, {**OUTDATED, "running": "failed"}, {WATCHED}),
        (PLAIN, {**OUTDATED, "running": CRASHED}, {WATCHED}),
        (PLAIN, {**GOOD, "running": False}, {WATCHED}),
        (PLAIN, {**GOOD, "enabled": False}, set()),
        (PLAIN, {**GOOD, "running": Unknown(NOT_BOOTED), "offline": True}, set()),
        (PLAIN, None, {WATCHED}),
        (MASKED, GOOD, set()),
    ],
)
def test_what_is_started_is_watched_and_what_ran_well_is_known(
    service: Service, before: Any, is_: set[str]
) -> None:
    difference = compare(before, service.desired())
    found = {WORKED: service.worked(difference), WATCHED: service.health_check(difference)}
    assert {word for word, value in found.items() if value} == is_


def test_what_goes_back_to_its_old_files_is_started_however_often_it_failed() -> None:
    script = (
        "systemctl daemon-reload; systemctl reset-failed -- x.service || :; "
        "systemctl restart -- x.service"
    )
    assert list(PLAIN.recover()) == [operation("server.shell", commands=[script])]


def test_without_a_plan_a_service_starts_and_restarts_where_what_it_reads_changed() -> None:
    start, restart = READER.exported()
    call = {"service": NAME, "running": True}
    assert start == operation(
        "systemd.service", **call, enabled=True, restarted=False, daemon_reload=True
    )
    assert restart == operation(
        "systemd.service", **call, restarted=True, daemon_reload=True
    ).given(Changed(READ))


@pytest.mark.parametrize(
    "service",
    [PLAIN, MASKED, Service(unit=NAME, running=False, reads=("/etc/a",))],
    ids=["reads nothing", "masked", "stopped"],
)
def test_without_a_plan_what_has_nothing_to_read_anew_is_not_restarted(service: Service) -> None:
    assert list(service.exported()) == list(
        service.converge(Difference(None, service.desired(), ("exists",)))
    )


def test_a_unit_is_masked_and_stopped_at_once() -> None:
    assert list(MASKED.converge(compare(GOOD, MASKED.desired()))) == [
        operation("server.shell", commands=["systemctl mask --now -- x.service"])
    ]


@pytest.mark.parametrize(
    ("service", "before", "verbs"),
    [
        (PLAIN, False, ["enable"]),
        (PLAIN, "masked", ["unmask", "enable"]),
        (Service(unit=NAME, enabled=False), True, ["disable"]),
        (MASKED, True, ["mask"]),
        (PLAIN, True, []),
    ],
)
def test_without_systemd_units_are_enabled_in_the_file_system(
    service: Service, before: Any, verbs: list[str]
) -> None:
    offline: Fields = {"enabled": before, "running": Unknown(NOT_BOOTED), "offline": True}
    done = list(service.converge(compare(offline, service.desired())))
    commands = [f"systemctl --root=/ {verb} -- x.service" for verb in verbs]
    assert done == ([operation("server.shell", commands=commands)] if commands else [])


# --- What other changes bring about -----------------------------------------------------------

SAME = Difference(GOOD, GOOD, ())


def test_a_change_of_what_it_reads_will_outdate_it() -> None:
    foreseen = READER.predict(SAME, {"keys:/etc/b"})
    assert foreseen == Difference({**GOOD, "up to date": False}, GOOD, ("up to date",))
    new = Difference(None, GOOD, ("exists",))
    assert READER.predict(new, {"file:/etc/a"}).fields == ("exists", "up to date")


def test_a_command_that_makes_a_file_that_the_unit_reads_has_it_restarted() -> None:
    enabled = Service(unit=NAME, reads=("/etc/a",), makers=("command:a",))
    assert enabled.predict(SAME, {"command:a"}).fields == ("up to date",)
    assert enabled.predict(SAME, {"command:b"}) is SAME
    assert enabled.merge(replace(PLAIN, makers=("command:b",))) == replace(
        enabled, makers=("command:a", "command:b")
    )


@pytest.mark.parametrize(
    ("service", "difference", "changed"),
    [
        (READER, SAME, {"file:/etc/c"}),
        (PLAIN, SAME, {"file:/etc/a"}),
        (Service(unit=NAME, running=False, reads=("/etc/a",)), SAME, {"file:/etc/a"}),
        (Service(unit=NAME, masked=True, reads=("/etc/a",)), SAME, {"file:/etc/a"}),
        (READER, Difference({**GOOD, "offline": True}, GOOD, ()), {"file:/etc/a"}),
        (READER, Difference(GOOD, GOOD, ("up to date",)), {"file:/etc/a"}),
    ],
)
def test_other_changes_do_not_matter_to_it(
    service: Service, difference: Difference, changed: set[str]
) -> None:
    assert service.predict(difference, changed) is difference


def test_what_is_enabled_until_the_next_boot_is_disabled_there() -> None:
    off = Service(unit=NAME, running=None, enabled=False)
    found: Fields = {"enabled": "enabled until the next boot", "up to date": True}
    first, *_ = off.converge(compare(found, off.desired()))
    assert first == operation("server.shell", commands=["systemctl disable --runtime -- x.service"])


# --- What is witnessed ------------------------------------------------------------------------

BOOTED = "[ -d /run/systemd/system ] || exit 0; "
RELOADED = f'{BOOTED}[ "$(systemctl show --property=NeedDaemonReload --value x.service)" = no ]'
AT_BOOT = (
    'case "$(systemctl is-enabled -- x.service 2>/dev/null)" in '
    f'static) {BOOTED}[ "$(systemctl show --value '
    '--property=WantedBy,RequiredBy,UpheldBy,TriggeredBy -- x.service)" ];; '
    "enabled|alias|generated|indirect|static|transient) ;; *) exit 1;; esac"
)
STEADY = (
    f"{BOOTED}n=$(systemctl show --value x.service --property=NRestarts); [ ${{n:-0}} = 0 ] || "
    "{ pid=$(systemctl show --value x.service --property=MainPID); most=$((n * 10)); "
    '[ $most -le 600 ] || most=600; [ "$(($(date +%s) - $(stat -c %Y /proc/$pid)))" -ge $most ]; }'
)
FRESH = (
    f"{BOOTED}pid=$(systemctl show --property=MainPID --value x.service); "
    '[ "${pid:-0}" = 0 ] || [ ! -e /etc/a ] || '
    '[ "$(stat -c %Z /etc/a)" -le "$(stat -c %Z /proc/$pid)" ] || '
    '[ "$(stat -c %Z /etc/a)" -gt "$(date +%s)" ]'
)


@pytest.mark.parametrize(
    ("service", "seen"),
    [
        (
            Service(unit=NAME, reads=("/etc/a",)),
            [
                Assertion("run", (AT_BOOT,), "rc", 0),
                Assertion("service", (NAME,), "is_running", expected=True),
                Assertion("run", (STEADY,), "rc", 0),
                Assertion("run", (RELOADED,), "rc", 0),
                Assertion("run", (FRESH,), "rc", 0),
            ],
        ),
        (
            Service(unit=NAME, running=False, enabled=None),
            [Assertion("service", (NAME,), "is_running", expected=False)],
        ),
        (
            MASKED,
            [
                Assertion("service", (NAME,), "is_masked", expected=True),
                Assertion("service", (NAME,), "is_running", expected=False),
            ],
        ),
    ],
)
def test_a_service_is_witnessed_in_what_is_wanted(service: Service, seen: list[Assertion]) -> None:
    assert list(service.witness()) == seen


OPTIONAL = Service(unit=NAME, running=None, enabled=None, optional=True, reads=("/etc/a",))


def test_a_unit_that_need_not_be_there_is_as_it_should_be_without_it() -> None:
    missing = state(OPTIONAL, unit(load="not-found"))
    difference = compare(missing, OPTIONAL.desired())
    assert bool(difference) is False
    # Nothing is started for a change of its files either.
    assert OPTIONAL.predict(difference, {"file:/etc/a"}) == difference


def test_a_unit_that_need_not_be_there_is_restarted_where_it_runs() -> None:
    there = state(OPTIONAL, unit(), a=200.0)
    difference = compare(there, OPTIONAL.desired())
    assert difference.fields == ("up to date",)
    reset, restart = OPTIONAL.converge(difference)
    assert reset == operation("server.shell", commands=[f"systemctl reset-failed -- {NAME} || :"])
    assert (restart.name, restart.arguments["restarted"]) == ("systemd.service", True)
    stopped = compare(state(OPTIONAL, unit(active="inactive"), a=200.0), OPTIONAL.desired())
    assert bool(stopped) is False


def test_a_unit_that_somebody_needs_must_be_there() -> None:
    both = OPTIONAL.merge(PLAIN)
    assert both == replace(PLAIN, reads=("/etc/a",))
    assert PLAIN.merge(OPTIONAL) == both


def test_an_exported_deploy_restarts_a_unit_that_need_not_be_there_where_it_runs() -> None:
    running = f"! systemctl is-active --quiet -- {NAME} || systemctl restart -- {NAME}"
    restart = operation("server.shell", commands=[running])
    files = tuple(OPTIONAL.restarted_by)
    assert list(OPTIONAL.exported()) == [restart.given(Changed(files))]


@pytest.mark.parametrize(("managed", "boot"), [(True, False), (None, None)])
def test_a_new_unit_is_taken_back_to_what_is_managed_of_it(
    managed: bool | None,  # noqa: FBT001 - a column of the table
    boot: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    new = Service(unit="d.service", enabled=managed)
    (off,) = new.way_back(None).resources
    assert off == Service(unit="d.service", running=False, enabled=boot, optional=True)
