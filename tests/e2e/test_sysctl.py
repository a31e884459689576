"""Which file wins at the next boot, compared with what systemd-sysctl makes of the same files."""

from __future__ import annotations

import random
import shlex
from typing import TYPE_CHECKING

from sections import compile_section

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

BOOTS = 60
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
NAMES = ("10-early", "60-envwright", "99-late", "zz")
LINES = (
    "net.ipv4.ip_default_ttl = 65",
    "net.ipv4.ip_default_ttl=70",
    "net/ipv4/ip_default_ttl = 71",
    "  net.ipv4.ip_default_ttl  =  72  ",
    "-net.ipv4.ip_default_ttl = 73",
    "-net.ipv4.ip_default_ttl",
    "-net/ipv4/ip_default_ttl",
    "net.ipv4.ip_default_ttl",
    "net.ipv4.ip_default_* = 74",
    "# net.ipv4.ip_default_ttl = 75",
    "; net.ipv4.ip_default_ttl = 76",
    "net.ipv4.tcp_fin_timeout = 30",
)
PLACE = "/proc/sys/net/ipv4/ip_default_ttl"


def others(chance: random.Random) -> str:
    """A script that writes files of somebody else."""
    script = ""
    for _ in range(chance.randint(0, 3)):
        folder, name = chance.choice(FOLDERS), chance.choice(NAMES)
        if (folder, name) != (FOLDERS[0], NAMES[1]):
            lines = "\n".join(chance.choices(LINES, k=chance.randint(0, 3)))
            script += f"mkdir -p {folder}; echo {shlex.quote(lines)} > {folder}/{name}.conf\n"
    return script


def test_the_file_that_wins_is_the_one_that_systemd_takes(
    debian13: Machine, tmp_path: Path
) -> None:
    chance = random.Random(5)
    (proof,) = compile_section(tmp_path, "sysctl: {net.ipv4.ip_default_ttl: 65}\n").proofs
    every = " ".join(f"{folder}/{name}.conf" for folder in FOLDERS for name in NAMES)
    script = f"mkdir -p {' '.join(FOLDERS)}\n"
    for _ in range(BOOTS):
        script += (
            f"rm -f {every}; {others(chance)}"
            "echo 'net.ipv4.ip_default_ttl = 65' > /etc/sysctl.d/60-envwright.conf\n"
            f"echo 33 > {PLACE}; /usr/lib/systemd/systemd-sysctl 2>/dev/null\n"
            f"(eval {shlex.quote(proof.script)}) >/dev/null; echo $? $(cat {PLACE})\n"
        )
    answers = [line.split() for line in debian13.sh("sh", text=script).splitlines()]
    assert len(answers) == BOOTS
    assert {value == "65" for _, value in answers} == {True, False}
    assert [code for code, _ in answers] == [str(int(value != "65")) for _, value in answers]
