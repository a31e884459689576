"""Services that work, and that could not start by their new files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine


def test_a_second_execstart_is_refused_with_the_reason_before_it_is_in_place(
    place: Place, debian13: Machine
) -> None:
    case = place("drop-in-with-a-second-execstart", debian13)
    said = case.run("apply", "--yes")
    path = "/etc/systemd/system/beacon.service.d/verbose.conf"
    error = (
        f"error: file:{path} failed on HOST:\n"
        "    beacon.service: Service has more than one ExecStart= setting, which is only allowed "
        "for Type=oneshot services. Refusing.\n"
        "    wanted by systemd (box.yaml:5)\n"
        "HOST: 0 done, 1 failed, 1 not begun\n"
        f"    not begun, because file:{path} failed: service:beacon.service\n"
        "hint: mend what failed, then run `envwright apply` again: it goes on from here\n"
    )
    assert (said.code, said.err) == (1, error)
    state = f"systemctl is-active beacon; systemctl show -P LoadState beacon; ls {path} || :"
    assert debian13.sh(state) == "active\nloaded\n"


def test_a_unit_of_a_missing_user_is_taken_back_however_often_it_failed(
    place: Place, debian13: Machine
) -> None:
    case = place("unit-of-a-user-who-is-not-there", debian13)
    said = case.run("apply", "--yes")
    unit = "/etc/systemd/system/relay.service"
    state = f"systemctl is-active relay; stat -c %a {unit}; cat {unit}"
    old = "[Service]\nExecStart=/bin/sleep infinity"
    assert (said.code, debian13.sh(state)) == (1, f"active\n600\n{old}")
    reason = "relay.service: Failed at step USER spawning /bin/sleep: No such process"
    assert reason in [line.strip() for line in said.err.splitlines()]
