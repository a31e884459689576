"""What replaces a unit's settings, compared with what systemd itself makes of the same files."""

from __future__ import annotations

import random
import shlex
from typing import TYPE_CHECKING

from sections import compile_section

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

UNITS = 60
FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system")
NAMES = ("10-early", "override", "own", "zz")
LINES = (
    "Nice=5",
    "Nice=7",
    " Nice = 9 ",
    "Nice=",
    "# Nice=1",
    "UMask=0077",
    "UMask=0027",
    "Environment=MODE=fast",
    "Environment=MODE=slow",
    "Environment=OTHER=1",
    "Environment=",
    "CPUWeight=200",
    "CPUWeight=50",
    "ExecStartPre=/bin/true",
    "ExecStartPre=",
    "[Unit]",
    "[Service]",
    "Ni\\\nce=3",
)
OWN = "[Service]\nExecStart=/bin/sleep infinity\nNice=5\nUMask=0077\nEnvironment=MODE=fast\n"
DROP_IN = "[Service]\nCPUWeight=200\nExecStartPre=/bin/echo own\n"
SHOWN = "Nice,UMask,CPUWeight,Environment,ExecStartPre"


def others(chance: random.Random, unit: str) -> str:
    """A script that writes drop-ins of somebody else."""
    script = ""
    for _ in range(chance.randint(0, 3)):
        folder, name = chance.choice(FOLDERS), chance.choice(NAMES)
        if (folder, name) == (FOLDERS[0], "own"):
            continue
        text = "[Service]\n" + "\n".join(chance.choices(LINES, k=chance.randint(0, 3))) + "\n"
        place = f"{folder}/{unit}.d"
        script += f"mkdir -p {place}; printf %s {shlex.quote(text)} > {place}/{name}.conf\n"
    return script


def is_as_wanted(shown: str) -> bool:
    """Whether systemd has all that the environment's own files set."""
    said = dict(line.partition("=")[::2] for line in shown.splitlines())
    variables = dict(word.partition("=")[::2] for word in said["Environment"].split())
    return (
        (said["Nice"], said["UMask"], said["CPUWeight"]) == ("5", "0077", "200")
        and variables.get("MODE") == "fast"
        and "/bin/echo own" in shown
    )


def test_what_replaces_a_setting_is_what_systemd_takes(debian13: Machine, tmp_path: Path) -> None:
    chance = random.Random(11)
    folder = FOLDERS[0]
    script, checks = "", []
    for number in range(UNITS):
        unit = f"t{number}.service"
        section = f"systemd:\n  {unit}:\n    content: {OWN!r}\n    drop_ins: {{own: {DROP_IN!r}}}\n"
        script += (
            f"mkdir -p {folder}/{unit}.d; printf %s {shlex.quote(OWN)} > {folder}/{unit}\n"
            f"printf %s {shlex.quote(DROP_IN)} > {folder}/{unit}.d/own.conf\n"
            f"{others(chance, unit)}"
        )
        (proof,) = compile_section(tmp_path, section).proofs
        checks.append(f"(eval {shlex.quote(proof.script)}) >/dev/null; echo $?")
        show = f"systemctl show {unit} --property={SHOWN}"
        checks.append(f"{show}; echo .")
    debian13.sh("sh", text=f"{script}systemctl daemon-reload\n")
    answers = debian13.sh("sh", text="\n".join(checks)).split(".\n")[:-1]
    ours = [answer.partition("\n")[0] == "0" for answer in answers]
    theirs = [is_as_wanted(answer.partition("\n")[2]) for answer in answers]
    assert len(ours) == UNITS
    assert set(theirs) == {True, False}
    assert ours == theirs
