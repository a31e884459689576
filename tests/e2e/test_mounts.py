"""Mounts on a machine: what lies in one is judged by what is there once it is mounted."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from workstation import workstation

from envwright.errors import StepError
from envwright.facts import Mounts

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

ENVIRONMENT = """\
name: box
user: {name: dev}
mounts:
  /data: {type: tmpfs, options: [size=4m, mode=0755]}
files:
  /data: {directory: true, owner: dev}
  /data/note: {content: "kept here\\n"}
"""


def test_what_lies_below_a_mount_that_is_missing_is_not_taken_for_what_is_in_it(
    debian13: Machine, tmp_path: Path
) -> None:
    (tmp_path / "box.yaml").write_text(ENVIRONMENT, "utf-8")
    # Just as it should be, but hidden by the mount, which brings an empty root of root's.
    debian13.sh(
        "useradd -m dev; install -d -o dev -g dev /data; printf 'kept here\\n' >/data/note; "
        "chown root:root /data/note; chmod 644 /data/note"
    )
    with workstation(debian13, tmp_path / "box.yaml") as station:
        made = station.apply()
        assert made[-3:] == ["mount:/data", "directory:/data", "file:/data/note"]
        assert station.changed() == set()
        debian13.sh("umount /data")
        assert station.changed() == {"mount:/data", "directory:/data", "file:/data/note"}
        station.apply()
        assert station.apply() == []
    assert debian13.sh("stat -c '%U %n' /data /data/note") == "dev /data\nroot /data/note\n"


def test_a_mount_that_is_busy_is_left_as_it_is(debian13: Machine, tmp_path: Path) -> None:
    scratch = "name: box\nmounts:\n  /scratch: {type: tmpfs, options: [size=4m]}\n"
    (tmp_path / "box.yaml").write_text(scratch, "utf-8")
    with workstation(debian13, tmp_path / "box.yaml") as station:
        station.apply()
    debian13.sh("echo mine >/scratch/file; cd /scratch; setsid sleep 600 >/dev/null 2>&1 & :")
    (tmp_path / "box.yaml").write_text(scratch.replace("4m", "8m"), "utf-8")
    before = debian13.sh("cat /etc/fstab; grep /scratch /proc/mounts")
    with workstation(debian13, tmp_path / "box.yaml") as station:
        with pytest.raises(StepError) as raised:
            station.apply()
        said = str(raised.value).replace(debian13.name, "box")
        assert said == (
            "mount:/scratch failed on @docker/box:\n    umount: /scratch: target is busy.\n"
            f"    wanted by mounts ({tmp_path}/box.yaml:3)"
        )
        assert debian13.sh("cat /etc/fstab; grep /scratch /proc/mounts") == before
        assert debian13.sh("cat /scratch/file") == "mine\n"
        debian13.sh("pkill -f '^sleep 600'")
        assert station.apply() == ["mount:/scratch"]


PLACES = ("/m", "/m/a", "/m/a/b", "/m/c", "/m/c/d", "/n")


def test_the_mounts_that_are_seen_are_those_that_a_program_finds(debian13: Machine) -> None:
    chance = random.Random(3)
    question = Mounts()
    for _ in range(10):
        script = ""
        for number in range(12):
            place = chance.choice(PLACES)
            if chance.random() < 0.25:
                script += f"umount {place} 2>/dev/null\n"
            else:
                script += f"mkdir -p {place}; mount -t tmpfs m{number} {place}; "
                script += f"echo m{number} >{place}/name\n"
        looks = "".join(
            # mountpoint(1) looks into the table of mounts, and finds what is hidden there.
            f'[ "$(stat -c %d {place}/..)" = "$(stat -c %d {place})" ] || '
            f"echo {place} $(cat {place}/name)\n"
            for place in PLACES
        )
        clear = (
            f"for place in {' '.join(PLACES * 2)}; do "
            "while umount -R $place 2>/dev/null; do :; done; done; rm -rf /m /n"
        )
        said = debian13.sh(
            f"{script}{question.script([question])}; echo; {looks}{clear}", check=False
        )
        table, _, found = said.partition("\n\n")
        seen = question.parse([question], table.encode())[question]
        ours = {p: seen[p].source for p in PLACES if p in seen and not seen[p].hidden_by}
        assert ours == dict(line.split() for line in found.splitlines())
