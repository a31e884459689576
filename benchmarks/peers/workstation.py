"""R1 for plain pyinfra; `--data factor=N` grows the work as benchmarks/work.py does."""

from __future__ import annotations

from io import StringIO
from typing import Any

from pyinfra import host  # type: ignore[attr-defined] # as its documentation has it
from pyinfra.operations import apt, files, server, systemd

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


def put(path: str, content: str, mode: str = "644", owner: str = "root") -> Any:
    """Write a file."""
    return files.put(src=StringIO(content), dest=path, mode=mode, user=owner, group=owner)


def directory(path: str) -> None:
    """Make a directory of the developer's."""
    files.directory(path=path, user="dev", group="dev", mode="755")


def dotfile(folder: str, number: int) -> None:
    """Write the settings of one tool."""
    put(f"{folder}/tool{number}.conf", f"# tool {number}\nvalue = {number}\n", owner="dev")


apt.packages(
    packages=["sudo", "git", "curl", "jq", "ripgrep", "tmux", "docker.io"],
    no_recommends=True,
    update=host.data.get("refresh", False),
)
server.group(group="devs")
server.user(  # noqa: S604 - a login shell
    user="dev", shell="/bin/bash", groups=["devs", "docker"], append=True, ensure_home=True
)
put("/etc/sudoers.d/dev", "dev ALL=(ALL:ALL) NOPASSWD: ALL\n", mode="440")
put("/etc/wsl.conf", WSL)
daemon = put("/etc/docker/daemon.json", '{"log-driver": "local", "live-restore": true}\n')
put(
    "/etc/sysctl.d/60-dev.conf",
    "fs.inotify.max_user_watches = 524288\nvm.max_map_count = 262144\n",
)
files.line(path="/etc/fstab", line="tmpfs /mnt/scratch tmpfs size=64m,mode=1777 0 0")
for path in DIRECTORIES:
    directory(path)
put(
    "/etc/profile.d/go.sh",
    "export GOCACHE=$HOME/.cache/go-build GOMODCACHE=$HOME/go/pkg/mod\n",
)
files.link(path="/home/dev/docker", target="/opt/docker", user="dev", group="dev")
for number in range(1, 31):
    dotfile("/home/dev/.config", number)
for set_ in range(2, int(host.data.get("factor", 1)) + 1):
    directory(f"/home/dev/.config/set{set_}")
    for part in range(1, 9):
        directory(f"/home/dev/.config/set{set_}/part{part}")
    for number in range(1, 51):
        dotfile(f"/home/dev/.config/set{set_}", number)
systemd.service(service="docker", running=True, enabled=True)
systemd.service(service="docker", restarted=True, _if=daemon.did_change)
