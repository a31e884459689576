"""Services that worked, and that cannot start by their new files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine


def test_a_second_execstart_is_taken_back_with_the_reason(place: Place, debian13: Machine) -> None:
    case = place("drop-in-with-a-second-execstart", debian13)
    said = case.run("apply", "--yes")
    path = "/etc/systemd/system/beacon.service.d/verbose.conf"
    error = (
        "error: service:beacon.service failed on HOST:\n"
        "    Failed to restart beacon.service: Unit beacon.service has a bad unit file setting.\n"
        "    See system logs and 'systemctl status beacon.service' for details.\n"
        "    beacon.service: Service has more than one ExecStart= setting, which is only allowed "
        "for Type=oneshot services. Refusing.\n"
        f"    put back as before: file:{path}\n"
        "    service:beacon.service works again\n"
        "    wanted by systemd (box.yaml:3)\n"
        "HOST: 0 done, 1 failed, 1 put back, 0 not begun\n"
        f"hint: mend what the environment says of file:{path}, then run `envwright apply` again\n"
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
