"""systemd: unit files, drop-ins, and whether units run and start at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
systemd:
  apt-daily.timer: {masked: true}
  cron.service:
    drop_ins:
      nice: "[Service]\\nNice=10\\n"
      more: "[Service]\\nUMask=077\\n"
  own@1.service:
    content: "[Service]\\nExecStart=/bin/true\\n"
    running: true
    enabled: false
"""
ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
FOLDER = "/etc/systemd/system"


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_units_have_their_files_and_what_is_wanted_of_them(
    tmp_path: Path, machine: Machine
) -> None:
    assert states(tmp_path, SECTION, machine) == {
        f"file:{FOLDER}/cron.service.d/nice.conf": {**ROOT, "content": "[Service]\nNice=10\n"},
        f"file:{FOLDER}/cron.service.d/more.conf": {**ROOT, "content": "[Service]\nUMask=077\n"},
        f"file:{FOLDER}/own@1.service": {**ROOT, "content": "[Service]\nExecStart=/bin/true\n"},
        "service:apt-daily.timer": {"enabled": "masked", "running": False},
        "service:cron.service": {"up to date": True},
        "service:own@1.service": {"running": True, "enabled": False, "up to date": True},
    }


def test_a_unit_reads_its_own_files(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    reads = {resource.id: set(resource.autorequires) for resource in made.resources[-3:]}
    files = [f"{FOLDER}/cron.service.d/{name}.conf" for name in ("nice", "more")]
    own = f"{FOLDER}/own@1.service"
    words = ("file", "keys", "link")
    assert reads == {
        "service:apt-daily.timer": set(),
        "service:cron.service": {f"{word}:{path}" for path in files for word in words},
        "service:own@1.service": {f"{word}:{own}" for word in words},
    }


def test_everything_is_asked_for_by_its_own_line(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [resource.origins[0].line for resource in made.resources] == [6, 7, 9, 3, 4, 8]


def test_what_the_files_of_a_unit_set_is_proved_to_be_in_effect(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [(p.name, p.origins[0].line, p.quick) for p in made.proofs] == [
        ("no other file replaces what the files of cron.service set", 4, True),
        ("no other file replaces what the files of own@1.service set", 8, True),
    ]
    assert ill_written(made) == []


def test_two_capabilities_can_want_things_of_one_unit(tmp_path: Path) -> None:
    text = "docker: {}\nsystemd: {docker.service: {drop_ins: {limits: x}}}\n"
    made = compile_section(tmp_path, text)
    service = made.resources[-1]
    assert [origin.capability for origin in service.origins] == ["docker", "systemd"]
    assert service.desired() == {"running": True, "enabled": True, "up to date": True}
    assert f"file:{FOLDER}/docker.service.d/limits.conf" in set(service.autorequires)


UNIT = "a unit's full name, like `docker.service`"
MASKED = (
    "2:25: systemd.cron.service is masked: a masked unit can have no file, not run or start at boot"
)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{cron: {masked: true}}", f"2:11: the key 'cron' of systemd must be {UNIT}"),
        ("{../x.service: {}}", f"2:11: the key '../x.service' of systemd must be {UNIT}"),
        ("{cron.service: {masked: true, running: true}}", MASKED),
        ("{cron.service: {masked: true, enabled: true}}", MASKED),
        ("{cron.service: {masked: true, content: x}}", MASKED),
        (
            "{cron.service: {drop_ins: {a.conf: x}}}",
            (
                "2:37: the key 'a.conf' of systemd.cron.service.drop_ins must be letters, digits, "
                "`_` and `-`; `.conf` is put behind it"
            ),
        ),
        (
            "{cron.service: {runing: true}}",
            "2:26: systemd.cron.service has no key 'runing'; did you mean 'running'?",
        ),
        (
            '{cron.service: {running: "yes"}}',
            "2:35: systemd.cron.service.running must be true or false, not text 'yes'",
        ),
    ],
)
def test_what_is_no_unit_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"systemd: {section}\n") == [told]
