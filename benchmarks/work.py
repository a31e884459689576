"""The work: R1, and the same ten and a hundred times, as each tool is given it.

R1 is `r1.yaml`, and what lies in peers/. A factor adds sets of dotfiles: each of nine directories
and fifty files, 59 resources like R1 itself. Ansible and pyinfra make them in loops of their own.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
CONFIG = "/home/dev/.config"

SYSTEM = (
    "/etc/fstab",
    "/etc/sudoers.d/dev",
    "/etc/wsl.conf",
    "/etc/docker/daemon.json",
    "/etc/sysctl.d/60-dev.conf",
    "/etc/profile.d/go.sh",
    "/etc/passwd",
    "/etc/group",
    "/proc/self/mountinfo",
)
PLACES = (
    "/mnt/scratch",
    "/opt/docker",
    "/home/dev/docker",
    "/home/dev/.cache",
    "/home/dev/.cache/go-build",
    "/home/dev/go",
    "/home/dev/go/pkg",
    "/home/dev/go/pkg/mod",
    CONFIG,
)
PACKAGES = ("sudo", "git", "curl", "jq", "ripgrep", "tmux", "docker.io")


@dataclass(frozen=True)
class Work:
    """R1 `factor` times."""

    factor: int = 1

    @property
    def name(self) -> str:
        """The folder of its files at a site."""
        return f"work-{self.factor}"

    @property
    def resources(self) -> int:
        """How many resources that is."""
        return 59 * self.factor

    @property
    def added_directories(self) -> list[str]:
        """The directories of the sets, parents first."""
        sets = [f"{CONFIG}/set{number}" for number in range(2, self.factor + 1)]
        return [
            f"{top}{part}" for top in sets for part in ("", *(f"/part{n}" for n in range(1, 9)))
        ]

    @property
    def added_files(self) -> dict[str, str]:
        """The dotfiles of the sets, and their content."""
        sets = [f"{CONFIG}/set{number}" for number in range(2, self.factor + 1)]
        return {f"{top}/tool{n}.conf": _dotfile(n) for top in sets for n in range(1, 51)}

    @property
    def dotfiles(self) -> dict[str, str]:
        """All dotfiles, R1's own among them."""
        return {f"{CONFIG}/tool{n}.conf": _dotfile(n) for n in range(1, 31)} | self.added_files

    def files(self) -> dict[str, str]:
        """Return what the tools are given at a site, by names below its folder."""
        return {
            f"{self.name}/r1.yaml": self.environment(),
            f"{self.name}/mise/mise.toml": self.mise(),
            f"{self.name}/reads.sh": self.reads(),
        }

    def environment(self) -> str:
        """Return the environment for envwright: `files` is the last section of r1.yaml."""
        text = (FOLDER / "r1.yaml").read_text("utf-8")
        lines = [f"  {path}: {{directory: true, owner: dev}}\n" for path in self.added_directories]
        for path, content in self.added_files.items():
            lines.append(f"  {path}: {{owner: dev, content: {json.dumps(content)}}}\n")
        return text + "".join(lines)

    def mise(self) -> str:
        """Return the configuration for mise."""
        text = (FOLDER / "peers" / "mise.toml").read_text("utf-8")
        owner = 'owner = "dev", group = "dev"'
        lines = [f'"{p}" = {{ {owner}, mode = "0755" }}\n' for p in self.added_directories]
        for path, content in self.dotfiles.items():
            body = f"content = {json.dumps(content)}\n" + owner.replace(", ", "\n")
            lines.append(f'\n[bootstrap.files."{path}"]\n{body}\nmode = "0644"\n')
        return text + "".join(lines)

    def reads(self) -> str:
        """Return the floor of a plan: everything that has to be read, by a shell, once."""
        files = " ".join(map(shlex.quote, [*SYSTEM, *self.dotfiles]))
        places = " ".join(map(shlex.quote, [*PLACES, *self.added_directories]))
        return (
            "systemctl show docker.service\n"
            f"dpkg-query --show {' '.join(PACKAGES)}\n"
            f"find {places} {files} -maxdepth 0 -printf '%y %m %u %g %s %p %l\\n'\n"
            f"cat {files}\n"
        )

    def growth(self) -> str:
        """Return the script that adds the sets to a machine that has R1."""
        return (
            "umask 022\n"
            f"for set in $(seq 2 {self.factor}); do\n"
            f"    mkdir -p {CONFIG}/set$set; cd {CONFIG}/set$set\n"
            "    for part in $(seq 8); do mkdir -p part$part; done\n"
            "    for tool in $(seq 50); do\n"
            "        printf '# tool %s\\nvalue = %s\\n' $tool $tool >tool$tool.conf\n"
            "    done\n"
            "done\n"
            f"chown -R dev:dev {CONFIG}\n"
        )


def _dotfile(number: int) -> str:
    return f"# tool {number}\nvalue = {number}\n"
