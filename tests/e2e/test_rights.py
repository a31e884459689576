"""Machines that cannot be entered, or not with the rights; and one that has not booted systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box import Box
from command import envwright
from machines.engine import RUN, Network, docker, owner
from machines.images import image
from snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from machines.machine import Machine

FILE = "files: {/etc/motd: {content: x}}\n"
UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"


@pytest.fixture(scope="module", params=["debian13", "ubuntu26"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """A machine with sudo, and one with sudo-rs."""
    shared: Machine = request.getfixturevalue(request.param)
    shared.install("openssh-server", *([] if request.param == "ubuntu26" else ["sudo"]))
    return shared


@pytest.fixture
def box(machine: Machine, tmp_path: Path) -> Box:
    made = Box(machine, tmp_path)
    made.write(FILE)
    return made


@pytest.fixture(scope="module")
def enter(machine: Machine) -> Callable[[str], str]:
    """How ssh is told to enter as dev, who may use sudo with a password, or as guest, who may not.

    Both have the password `right`.
    """
    machine.put("/etc/sudoers.d/dev", "dev ALL=(ALL:ALL) ALL\n", mode="0440")
    for user in ("dev", "guest"):
        machine.sh(f"useradd --create-home {user} && echo {user}:right | chpasswd")
    return lambda user: f"-F {machine.enable_ssh(user).config}"


def tried(box: Box, options: str, *words: str, stdin: str = "") -> str:
    """Plan over ssh; want an error, which is returned, and no change."""
    before = snapshot(box.machine)
    argv = ("plan", "box.yaml", "--host", box.machine.name, *words)
    said = envwright(*argv, stdin=stdin, cwd=box.folder, ENVWRIGHT_SSH_OPTIONS=options)
    assert (said.code, said.out) == (1, "")
    assert sorted(snapshot(box.machine) ^ before) == []
    return said.err.replace(box.machine.name, "HOST")


def test_the_right_password_opens_the_machine(box: Box, enter: Callable[[str], str]) -> None:
    argv = ("plan", "box.yaml", "--host", box.machine.name, "--sudo-password-stdin")
    settings = {"ENVWRIGHT_SSH_OPTIONS": enter("dev")}
    said = envwright(*argv, stdin="right\n", cwd=box.folder, **settings)
    assert (said.code, said.err) == (2, "")


@pytest.mark.parametrize("password", ["wrong\n", ""], ids=["wrong", "none"])
def test_a_wrong_sudo_password_is_told(
    password: str, box: Box, enter: Callable[[str], str]
) -> None:
    assert tried(box, enter("dev"), "--sudo-password-stdin", stdin=password) == (
        "error: HOST: sudo refused the password\nhint: try again, with the right one\n"
    )


def test_a_password_that_nobody_can_be_asked_for_is_told(
    box: Box, enter: Callable[[str], str]
) -> None:
    assert tried(box, enter("dev")) == (
        "error: HOST: sudo asks dev for a password, and nobody is there to give it\n"
        "hint: run envwright in a terminal, or give the user a NOPASSWD rule\n"
    )


def test_a_user_without_a_sudo_rule_is_told(box: Box, enter: Callable[[str], str]) -> None:
    assert tried(box, enter("guest"), "--sudo-password-stdin", stdin="right\n") == (
        "error: guest may not use sudo on HOST\n"
        "hint: let root add a rule for guest with visudo, or use another user\n"
    )


def test_a_key_that_sshd_does_not_know_is_told(box: Box, enter: Callable[[str], str]) -> None:
    options = f"{enter('dev')} -o IdentityFile=/nowhere -o IdentityAgent=none -l stranger"
    assert tried(box, options) == (
        "error: HOST: it let nobody in\n"
        f"stranger@{box.machine.address}: Permission denied (publickey,password).\n"
        "hint: try the user and the key by hand: ssh HOST\n"
    )


def test_an_ssh_that_nobody_answers_is_told(box: Box, enter: Callable[[str], str]) -> None:
    assert tried(box, f"{enter('dev')} -p 2") == (
        "error: HOST: nothing listens on its ssh port\n"
        f"ssh: connect to host {box.machine.address} port 2: Connection refused\n"
        "hint: check the port, and that sshd runs there\n"
    )


def test_a_container_that_is_stopped_is_told(box: Box, plain: Plain) -> None:
    docker("stop", "--time=0", plain.name)
    said = envwright("plan", "box.yaml", "--host", plain.host, cwd=box.folder)
    assert (said.code, said.out) == (1, "")
    first, _, last = said.err.splitlines()
    assert (first, last) == (
        f"error: {plain.host}: the container is stopped",
        f"hint: start it: docker start {plain.name}",
    )


# --- A machine without systemd -------------------------------------------------------------------


class Plain:
    """A container that runs one process and has never booted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.host = f"@docker/{name}"

    def sh(self, script: str) -> str:
        """Run a script in it."""
        return docker("exec", self.name, "sh", "-c", script)


@pytest.fixture
def plain(engine: Network) -> Iterator[Plain]:
    label = (f"--label={RUN}={owner()}", f"--network={engine.name}")
    name = docker("run", "--detach", *label, image("debian13"), "sleep", "infinity")[:12]
    try:
        yield Plain(name)
    finally:
        docker("rm", "-f", "-v", name)


def test_without_systemd_units_wait_and_all_else_is_done(box: Box, plain: Plain) -> None:
    box.write(
        "files: {/etc/motto: {content: done}}\n"
        f'systemd: {{nap.service: {{content: "{UNIT}", running: true, enabled: true}}}}\n'
    )
    argv = ("apply", "box.yaml", "--host", plain.host, "--yes")
    said = envwright(*argv, cwd=box.folder)
    assert (said.code, said.err) == (3, "")
    first = said.out.splitlines()
    waiting = "  pending  service:nap.service: systemd is not PID 1 yet"
    assert first[-1] == waiting
    assert "Pending: systemd is not PID 1 yet:" in first
    assert plain.sh("cat /etc/motto; systemctl is-enabled nap.service") == "doneenabled"
    again = envwright(*argv, cwd=box.folder)
    assert (again.code, again.err, again.out.splitlines()[-1]) == (3, "", waiting)
