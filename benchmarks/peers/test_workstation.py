"""R1 for testinfra alone: the states of its resources, as a tester writes them by hand."""
# ruff: noqa: S101 - pytest's asserts

from __future__ import annotations

from typing import Any

import pytest

WSL = """\
[boot]
systemd=true
[automount]
enabled=true
options="metadata,umask=22,fmask=11"
[interop]
appendWindowsPath=false
[user]
default=dev
"""

FILES = {
    "/etc/sudoers.d/dev": ("root", 0o440, "dev ALL=(ALL:ALL) NOPASSWD: ALL\n"),
    "/etc/wsl.conf": ("root", 0o644, WSL),
    "/etc/docker/daemon.json": (
        "root",
        0o644,
        '{"log-driver": "local", "live-restore": true}\n',
    ),
    "/etc/sysctl.d/60-dev.conf": (
        "root",
        0o644,
        "fs.inotify.max_user_watches = 524288\nvm.max_map_count = 262144\n",
    ),
    "/etc/profile.d/go.sh": (
        "root",
        0o644,
        "export GOCACHE=$HOME/.cache/go-build GOMODCACHE=$HOME/go/pkg/mod\n",
    ),
    **{
        f"/home/dev/.config/tool{n}.conf": ("dev", 0o644, f"# tool {n}\nvalue = {n}\n")
        for n in range(1, 31)
    },
}

DIRECTORIES = (
    "/mnt/scratch",
    "/opt/docker",
    "/home/dev/.cache",
    "/home/dev/.cache/go-build",
    "/home/dev/go",
    "/home/dev/go/pkg",
    "/home/dev/go/pkg/mod",
    "/home/dev/.config",
)


@pytest.mark.parametrize("name", ["sudo", "git", "curl", "jq", "ripgrep", "tmux", "docker.io"])
def test_a_package_is_installed(host: Any, name: str) -> None:
    """Ask dpkg."""
    assert host.package(name).is_installed


def test_the_group_exists(host: Any) -> None:
    """Ask getent."""
    assert host.group("devs").exists


def test_the_user_is_as_it_should_be(host: Any) -> None:
    """Ask getent and id."""
    user = host.user("dev")
    assert (user.shell, user.home) == ("/bin/bash", "/home/dev")
    assert {"devs", "docker"} <= set(user.groups)


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_as_it_should_be(host: Any, path: str) -> None:
    """Look at its attributes and its content."""
    file = host.file(path)
    owner, mode, content = FILES[path]
    assert (file.user, file.group, file.mode) == (owner, owner, mode)
    assert file.content_string == content


@pytest.mark.parametrize("path", DIRECTORIES)
def test_a_directory_is_as_it_should_be(host: Any, path: str) -> None:
    """Look at its attributes."""
    file = host.file(path)
    assert file.is_directory
    assert (file.user, file.group, file.mode) == ("dev", "dev", 0o755)


def test_the_link_leads_to_its_target(host: Any) -> None:
    """Read it."""
    assert host.file("/home/dev/docker").linked_to == "/opt/docker"


def test_fstab_has_the_line(host: Any) -> None:
    """Search the file."""
    line = "tmpfs /mnt/scratch tmpfs size=64m,mode=1777 0 0"
    assert line in host.file("/etc/fstab").content_string.splitlines()


def test_docker_runs_and_is_enabled(host: Any) -> None:
    """Ask systemctl."""
    service = host.service("docker")
    assert service.is_running
    assert service.is_enabled
