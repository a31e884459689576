"""What cannot be done is refused in words that help, and the machine stays as it was."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from box import Box
from snapshot import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    return Box(debian13, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def trusted(debian13: Machine) -> None:
    """The machine trusts the loopback server, as every machine does once it has certificates."""
    debian13.install("ca-certificates", "sudo")


# --- Files ---------------------------------------------------------------------------------------


def test_a_wsl_conf_that_wsl_could_not_read_is_told_with_its_line(box: Box) -> None:
    box.machine.put("/etc/wsl.conf", "# ours\n[boot]\ncommand = a \\x b\n")
    assert box.refuses("wsl: {boot: {systemd: true}}\n") == (
        "error: HOST: /etc/wsl.conf cannot be edited safely: line 3: "
        "'\\x' is no escape: only \\\\ \\\" \\b \\n \\t are; WSL reads nothing from here on\n"
        "    wanted by wsl (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )
    box.machine.sh("rm /etc/wsl.conf")


def test_a_directory_where_a_file_should_be_is_left_alone(box: Box) -> None:
    box.machine.put("/etc/motto/mine", "mine\n")
    assert box.refuses("files: {/etc/motto: {content: x}}\n") == (
        "error: HOST: /etc/motto is a directory, not a file: move it away first\n"
        "    wanted by files (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )


@pytest.mark.parametrize("file", ["/etc/profile.d/big.sh", "/home/dev/big"])
def test_a_file_for_which_there_is_no_space_is_not_begun(file: str, box: Box) -> None:
    folder = file.rpartition("/")[0]
    box.machine.sh(f"mkdir -p {folder} && mount -t tmpfs -o size=64k none {folder}")
    big = f"  {file}:\n    owner: root\n    content: {'x' * 100_000}\n"
    try:
        assert box.refuses(f"files:\n{big}") == (
            f"error: file:{file} failed on HOST:\n"
            f"    {file}: No space left on device\n"
            "    wanted by files (box.yaml:3)\n"
            "hint: make room: `df -h` shows where there is none\n"
        )
    finally:
        box.machine.sh(f"umount {folder}")


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
FULL = """\
mkdir /mnt/etc && mount -t tmpfs -o size=8m none /mnt/etc && cp -a /etc/. /mnt/etc
mount --move /mnt/etc /etc && rmdir /mnt/etc
cat /dev/zero > /etc/filler 2>/dev/null || :
"""


@pytest.mark.parametrize(
    ("path", "environment", "capability", "id_"),
    [
        # Edited; edited, and staged until it could be mounted; whole, and staged for visudo.
        ("/etc/wsl.conf", "wsl: {boot: {systemd: true}}", "wsl", "keys:/etc/wsl.conf"),
        ("/etc/fstab", "mounts: {/mnt/data: {type: tmpfs}}", "mounts", "mount:/mnt/data"),
        (
            "/etc/sudoers.d/dev",
            "files: {/etc/sudoers.d/dev: {content: 'dev ALL=ALL'}}",
            "files",
            "file:/etc/sudoers.d/dev",
        ),
    ],
)
def test_a_file_that_is_edited_or_tried_first_stays_whole_where_there_is_no_space(
    path: str, environment: str, capability: str, id_: str, box: Box
) -> None:
    old = "# ours\n"
    kept = box.machine.sh(f"cat {path}", check=False)
    box.machine.put(path, old, mode="0644")
    box.machine.sh(FULL)
    try:
        assert box.refuses(f"{environment}\n") == (
            f"error: {id_} failed on HOST:\n"
            f"    {path}: No space left on device\n"
            f"    wanted by {capability} (box.yaml:2)\n"
            "hint: make room: `df -h` shows where there is none\n"
        )
        folder, _, name = path.rpartition("/")
        left = box.machine.sh(f"cat {path}; find {folder} -maxdepth 1 -name '.*{name}*'")
        assert left == old
    finally:
        box.machine.sh("umount --lazy /etc")
        box.machine.put(path, kept) if kept else box.machine.sh(f"rm {path}")


def test_an_owner_who_is_not_there_is_told_before_anything_is_made(box: Box) -> None:
    assert box.refuses("files: {/etc/greeting: {content: x, owner: ghost}}\n") == (
        "error: HOST: there is no user ghost to own /etc/greeting: correct the name, or add the "
        "user\n"
        "    wanted by files (box.yaml:2)\n"
        "HOST: there is no group ghost to own /etc/greeting: correct the name, or add the group\n"
        "    wanted by files (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )


def test_a_sudo_rule_that_visudo_refuses_does_not_go_live(box: Box) -> None:
    box.machine.put("/etc/sudoers.d/team", "Defaults insults\n")
    assert box.refuses("files: {/etc/sudoers.d/team: {content: everybody everything}}\n") == (
        "error: file:/etc/sudoers.d/team failed on HOST:\n"
        "    /etc/sudoers.d/team:1:21: syntax error\n"
        "    everybody everything\n"
        "                        ^\n"
        "    wanted by files (box.yaml:2)\n"
        "hint: mend that line; what was there before still holds\n"
    )


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        (
            "/etc/systemd/system/app.service",
            "[Service]\nExecStart=/bin/true\nRestrat=always\n",
            "PATH:3: Unknown key 'Restrat' in section [Service], ignoring.",
        ),
        (
            "/etc/apt/sources.list.d/team.list",
            "deb https://packages.example stable\n",
            "E: Malformed entry 1 in list file PATH (Component)",
        ),
        (
            "/etc/profile.d/team.sh",
            "if [ -t 1 ]; then\n",
            "PATH: line 2: syntax error: unexpected end of file",
        ),
    ],
)
def test_a_file_that_its_program_refuses_does_not_go_live(
    path: str, content: str, words: str, box: Box
) -> None:
    assert box.refuses(f"files: {{{path}: {{content: {json.dumps(content)}}}}}\n") == (
        f"error: file:{path} failed on HOST:\n"
        f"    {words.replace('PATH', path)}\n"
        "    wanted by files (box.yaml:2)\n"
        "hint: mend that line; what was there before still holds\n"
    )
    assert box.machine.sh(f"ls {path} 2>&1 || :") == (
        f"ls: cannot access '{path}': No such file or directory\n"
    )


def test_a_device_that_is_not_there_is_told_before_anything_is_made(box: Box) -> None:
    assert box.refuses("mounts: {/mnt/data: {source: /dev/nowhere, type: ext4}}\n") == (
        "error: HOST: /dev/nowhere, which is to be mounted at /mnt/data, does not exist: correct "
        "the name, attach the device, or add `noauto` to write the entry in /etc/fstab alone\n"
        "    wanted by mounts (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )


def test_a_mount_that_fails_leaves_fstab_as_it_was(box: Box) -> None:
    # The plan sees a name of the device, and only the mount finds that the device is gone.
    box.machine.sh("ln -s nowhere /dev/data")
    try:
        assert box.refuses("mounts: {/mnt/data: {source: /dev/data, type: ext4}}\n") == (
            "error: mount:/mnt/data failed on HOST:\n"
            "    mount: /mnt/data: fsconfig() failed: /dev/data: Can't lookup blockdev.\n"
            "           dmesg(1) may have more information after failed mount system call.\n"
            "    wanted by mounts (box.yaml:2)\n"
            "hint: `lsblk --fs` shows the devices that there are\n"
        )
    finally:
        box.machine.sh("rm /dev/data")


# --- What envwright will not do ------------------------------------------------------------------


def test_the_uid_of_an_account_is_not_changed(box: Box) -> None:
    assert box.refuses("user: {name: nobody, uid: 4000}\n") == (
        "error: HOST: user nobody has uid 65534, not 4000: its files would be left behind; "
        "change it by hand\n"
        "    wanted by user (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )


def test_a_windows_drive_is_refused_where_there_is_no_windows(box: Box) -> None:
    assert box.refuses('mounts: {/mnt/d: {drive: "D:"}}\n', verb="plan") == (
        "error: box.yaml:2:18: /mnt/d is a Windows drive, and this machine does not run under "
        "WSL\n"
        '    mounts: {/mnt/d: {drive: "D:"}}\n'
        "                     ^\n"
        "hint: put it into an environment for WSL that extends this one\n"
    )


def test_docker_desktop_is_not_fought(box: Box) -> None:
    desktop = "/mnt/wsl/docker-desktop/cli-tools/usr/bin/docker"
    box.machine.put(desktop, "#!/bin/sh\n", mode="0755")
    box.machine.sh(f"ln -s {desktop} /usr/bin/docker")
    try:
        assert box.refuses("docker: {}\n") == (
            "error: HOST: Docker Desktop's integration serves this distribution; docker-ce would "
            "fight it for /var/run/docker.sock\n"
            "    wanted by docker (box.yaml:2)\n"
            "hint: turn the integration off: Docker Desktop, Settings, Resources, WSL "
            "integration; where Docker Desktop is gone, remove its links: /usr/bin/docker and "
            "/var/run/docker.sock\n"
        )
    finally:
        box.machine.sh("rm -r /usr/bin/docker /mnt/wsl")


def test_a_unit_that_fails_is_told_with_the_way_to_its_log(box: Box) -> None:
    unit = "[Service]\\nType=oneshot\\nExecStart=/bin/false\\n"
    box.write(f'systemd: {{broken.service: {{content: "{unit}", running: true}}}}\n')
    before = snapshot(box.machine)
    said = box.run("apply", "--yes")
    assert said.code == 1
    assert said.err == (
        "error: service:broken.service failed on HOST:\n"
        "    Job for broken.service failed because the control process exited with error code.\n"
        '    See "systemctl status broken.service" and "journalctl -xeu broken.service" '
        "for details.\n"
        "    Starting broken.service...\n"
        "    broken.service: Main process exited, code=exited, status=1/FAILURE\n"
        "    broken.service: Failed with result 'exit-code'.\n"
        "    Failed to start broken.service.\n"
        "    wanted by systemd (box.yaml:2)\n"
        "HOST: 1 done, 1 failed, 0 not begun\n"
        "hint: `journalctl -u broken.service` on the machine tells why\n"
    )
    assert sorted(line for line in snapshot(box.machine) ^ before if "broken" not in line) == []


def test_a_daemon_json_that_nobody_can_read_is_left_alone(box: Box) -> None:
    box.machine.put("/etc/docker/daemon.json", '{"debug": true,,}\n')
    assert box.refuses("docker: {}\n", verb="plan") == (
        "error: HOST: /etc/docker/daemon.json cannot be edited safely: line 1: "
        "not JSON: a comma before the closing bracket, remove it\n"
        "    wanted by docker (box.yaml:2)\n"
        "hint: nothing was changed\n"
    )


def test_a_daemon_json_that_dockerd_refuses_does_not_go_live(
    box: Box, repository: Repository
) -> None:
    old = '{"debug": true}\n'
    box.machine.put("/etc/docker/daemon.json", old)
    box.write(
        f'docker: {{fingerprint: "{repository.fingerprint}", daemon: {{labels: [nonsense]}}}}\n'
    )
    said = box.run("apply", "--yes")
    assert said.code == 1
    assert re.sub(r"HOST: \d+ done", "HOST: N done", said.err) == (
        "error: keys:/etc/docker/daemon.json failed on HOST:\n"
        "    unable to configure the Docker daemon with file /etc/docker/daemon.json: merged "
        "configuration validation from file and command line flags failed: "
        "bad attribute format: nonsense\n"
        "    wanted by docker (box.yaml:2)\n"
        "HOST: N done, 1 failed, 1 not begun\n"
        "    not begun, because keys:/etc/docker/daemon.json failed: service:docker.service\n"
        "hint: mend the key that it names; the daemon still has the file as it was\n"
    )
    assert box.machine.sh("cat /etc/docker/daemon.json; ls -A /etc/docker") == f"{old}daemon.json\n"
    assert box.machine.sh("systemctl is-active docker.service") == "active\n"


def test_a_new_account_s_files_get_the_group_that_the_machine_gives_it(box: Box) -> None:
    box.machine.sh("sed -i 's/^USERGROUPS_ENAB.*/USERGROUPS_ENAB no/' /etc/login.defs")
    try:
        box.write(
            f"user: {{name: grouped, authorized_keys: [{PUBLIC_KEY}]}}\n"
            "files: {/srv/grouped: {content: x, owner: grouped}}\n"
        )
        said = box.run("apply", "--yes")
        assert (said.code, said.err) == (0, ""), said.out
        groups = "stat -c %G /srv/grouped /home/grouped/.ssh; id -gn grouped"
        assert box.machine.sh(groups).split() == ["users", "users", "users"]
        assert box.run("plan").code == 0
    finally:
        box.machine.sh("sed -i 's/^USERGROUPS_ENAB.*/USERGROUPS_ENAB yes/' /etc/login.defs")
        box.machine.sh("userdel -r grouped; rm -f /srv/grouped", check=False)


def test_a_file_that_a_killed_run_left_is_gone_after_the_next_apply(box: Box) -> None:
    left = "/etc/.envwright-fffffff000000000"
    box.machine.sh(f"touch {left}")
    box.write("files: {/etc/killed: {content: x}}\n")
    said = box.run("apply", "--yes")
    assert (said.code, said.err) == (0, "")
    assert box.machine.sh(f"ls /etc/killed {left} || :") == "/etc/killed\n"
    box.machine.sh("rm /etc/killed")
