"""Units, kernel settings and mounts: what is effective, beside what the files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine


def test_a_service_that_crashes_all_day_is_told_at_every_moment(
    place: Place, debian13: Machine
) -> None:
    case = place("service-that-crashes-all-day", debian13)
    told = "running: fails again and again: systemd restarts the unit -> true"
    for _ in range(5):
        said = case.run("plan")
        assert (said.code, told in said.out) == (2, True), said
    assert case.run("verify").code == 2
    debian13.sh("touch /run/feed")
    assert case.run("apply", "--yes").code == 0
    assert case.run("plan").code == 0


def test_a_drop_in_that_replaces_a_command_is_named_with_the_way_out(
    place: Place, debian13: Machine
) -> None:
    case = place("drop-in-of-a-colleague", debian13)
    said = case.run("plan")
    told = (
        "/etc/systemd/system/relay.service.d/override.conf replaces [Service] ExecStart of "
        "/etc/systemd/system/relay.service"
    )
    assert (said.code, told in said.out, "debug.conf" in said.out) == (2, True, False), said
    assert case.run("verify").code == 2
    debian13.sh(
        "rm /etc/systemd/system/relay.service.d/override.conf; systemctl daemon-reload; "
        "systemctl restart relay.service"
    )
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]


def test_a_unit_that_nothing_starts_at_boot_is_refused_with_the_way_to_mend_it(
    place: Place, debian13: Machine
) -> None:
    case = place("unit-without-install", debian13)
    said = case.run("plan")
    error = (
        "error: HOST: hook.service cannot start at boot: its unit file has no [Install] section, "
        "and no other unit starts it; add the section, or leave out `enabled`\n"
        "    wanted by systemd (box.yaml:3)\n"
        "hint: nothing was changed\n"
    )
    assert (said.code, said.err) == (1, error)
    box = case.folder / "box.yaml"
    install = "      [Install]\n      WantedBy=multi-user.target\n"
    box.write_text(box.read_text("utf-8") + install, "utf-8")
    assert case.run("apply", "--yes").code == 0
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]


def test_a_kernel_setting_that_a_package_takes_back_at_the_next_start_is_told(
    place: Place, debian13: Machine
) -> None:
    case = place("sysctl-file-of-a-package", debian13)
    case.run("apply", "--yes")
    told = "net.ipv4.ip_default_ttl: /usr/lib/sysctl.d/search.conf sets it to 70"
    said = case.run("plan")
    assert (said.code, told in said.out) == (2, True), said
    assert case.run("verify").code == 2
    debian13.sh("touch /etc/sysctl.d/search.conf")
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]


def test_a_kernel_setting_that_the_kernel_lacks_is_refused_before_anything_is_changed(
    place: Place, debian13: Machine
) -> None:
    case = place("sysctl-of-a-missing-module", debian13)
    said = case.run("apply", "--yes")
    error = (
        "error: HOST: the kernel of this machine has no setting net.nosuch.setting: correct its "
        "name, or have the kernel module with the setting loaded at boot (modules-load.d(5)) and "
        "load it now\n"
        "    wanted by sysctl (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )
    assert (said.code, said.err) == (1, error)
    assert debian13.sh("ls /etc/before", check=False) == ""


def test_a_mount_in_use_keeps_its_files_while_its_options_are_mended(
    place: Place, debian13: Machine
) -> None:
    case = place("fstab-mount-in-use", debian13)
    debian13.sh(
        "mkdir /mnt/busy; mount /mnt/busy; echo mine > /mnt/busy/file; "
        "(cd /mnt/busy; setsid sleep 60 >/dev/null 2>&1 &) ; sleep 0.2; "
        "mount -o remount,ro /mnt/busy"
    )
    before = debian13.sh("cat /etc/fstab")
    assert case.run("plan").code == 2
    assert case.run("apply", "--yes").code == 0
    assert debian13.sh("cat /mnt/busy/file; touch /mnt/busy/more") == "mine\n"
    assert debian13.sh("cat /etc/fstab") == before
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]


def test_a_mount_point_behind_a_link_is_refused_and_its_real_path_works(
    place: Place, debian13: Machine
) -> None:
    case = place("mount-point-behind-a-link", debian13)
    said = case.run("apply", "--yes")
    error = (
        "error: HOST: /projects is a link to /srv/projects: the kernel knows mounts by their real "
        "paths alone; write the real path in place of /projects\n"
        "    wanted by mounts (box.yaml:3)\n"
        "hint: nothing was changed\n"
    )
    assert (said.code, said.err) == (1, error)
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8").replace("/projects", "/srv/projects"), "utf-8")
    assert case.run("apply", "--yes").code == 0
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]


def test_names_that_nobody_has_are_refused_together_by_plan(
    place: Place, debian13: Machine
) -> None:
    case = place("names-that-nobody-has", debian13)
    said = case.run("plan")
    error = (
        "error: HOST: there is no user deev to own /srv/notes: correct the name, or add the user\n"
        "    wanted by files (box.yaml:3)\n"
        "HOST: there is no group develoopers to own /srv/notes: correct the name, or add the "
        "group\n"
        "    wanted by files (box.yaml:3)\n"
        "HOST: the unit dokcer.service does not exist: correct its name, or add the package that "
        "brings the unit\n"
        "    wanted by systemd (box.yaml:5)\n"
        "hint: nothing was changed\n"
    )
    assert (said.code, said.err) == (1, error)
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8") + "packages: [hello]\n", "utf-8")
    assert case.run("plan").code == 2


def test_a_unit_of_an_account_without_login_runs_and_starts_at_boot(
    place: Place, debian13: Machine
) -> None:
    case = place("units-of-an-account-without-login", debian13)
    assert case.run("apply", "--yes").code == 0
    asked = (
        'cd /; runuser -u appl -- env XDG_RUNTIME_DIR="/run/user/$(id -u appl)" systemctl --user '
        "show -P ActiveState -P UnitFileState relay.service; loginctl show-user appl -P Linger; "
        "stat -c %U /home/appl/.config /home/appl/.config/systemd"
    )
    assert debian13.sh(asked).split() == ["active", "enabled", "yes", "appl", "appl"]
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]
