"""Files are read as their programs read them: keys of sshd, rules of sudo, the table of mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine

KEYS = "/home/dev/.ssh/authorized_keys"


def test_a_key_with_a_forced_command_gets_the_wanted_line_in_front(
    place: Place, debian13: Machine
) -> None:
    case = place("key-with-a-forced-command", debian13)
    before = debian13.sh(f"cat {KEYS}").splitlines(keepends=True)
    planned = case.run("plan")
    assert (planned.code, planned.out.count("dev@laptop"), "dev@desktop" in planned.out) == (
        2,
        1,
        False,
    ), planned.out
    assert case.run("apply", "--yes").code == 0
    after = debian13.sh(f"cat {KEYS}").splitlines(keepends=True)
    assert after == [before[0], before[2], before[1], before[3]]
    assert (case.run("plan").code, case.run("verify").code) == (0, 0)


def test_a_rule_of_sudo_in_a_file_that_sudo_passes_over_is_refused(
    place: Place, debian13: Machine
) -> None:
    case = place("sudoers-with-a-dot", debian13)
    said = case.run("plan")
    assert (said.code, said.out) == (1, "")
    assert "sudo reads no file of the name 'team.conf' in /etc/sudoers.d" in said.err


def test_a_mount_point_with_a_number_sign_is_the_same_for_mount_and_systemd(
    place: Place, debian13: Machine
) -> None:
    case = place("mount-point-with-a-number-sign", debian13)
    applied = case.run("apply", "--yes")
    assert (applied.code, applied.err) == (0, ""), applied.out
    where = "systemctl show --property Where,ActiveState,FragmentPath"
    unit = "$(systemd-escape --path --suffix=mount '/mnt/team #1')"
    assert debian13.sh(f'systemctl daemon-reload; {where} "{unit}"').splitlines() == [
        "Where=/mnt/team #1",
        "ActiveState=active",
        r"FragmentPath=/run/systemd/generator/mnt-team\x20\x231.mount",
    ]
    assert (case.run("plan").code, case.run("verify").code) == (0, 0)
