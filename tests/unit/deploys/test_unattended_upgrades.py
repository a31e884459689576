"""unattended_upgrades: settings of apt behind the package's own, and its timers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

if TYPE_CHECKING:
    from pathlib import Path

FILE = "file:/etc/apt/apt.conf.d/52envwright-unattended-upgrades"


@pytest.mark.parametrize(
    ("section", "lines"),
    [
        (
            "{}",
            [
                'Unattended-Upgrade::Automatic-Reboot "false";',
                'Unattended-Upgrade::Automatic-Reboot-Time "now";',
                'Unattended-Upgrade::Remove-Unused-Dependencies "false";',
            ],
        ),
        (
            '{without: [g++, linux-image-6.1], reboot: "04:30", origins: all, remove_unused: true}',
            [
                'Unattended-Upgrade::Automatic-Reboot "true";',
                'Unattended-Upgrade::Automatic-Reboot-Time "04:30";',
                'Unattended-Upgrade::Remove-Unused-Dependencies "true";',
                'Unattended-Upgrade::Origins-Pattern:: "origin=*";',
                'Unattended-Upgrade::Package-Blacklist:: "^g[+][+]$";',
                'Unattended-Upgrade::Package-Blacklist:: "^linux-image-6[.]1$";',
            ],
        ),
    ],
)
def test_the_settings_stand_in_one_file(tmp_path: Path, section: str, lines: list[str]) -> None:
    found = states(tmp_path, f"unattended_upgrades: {section}\n")
    assert found[FILE]["content"].splitlines() == [
        "// Written by envwright: change the environment, not this file.",
        'APT::Periodic::Enable "1";',
        'APT::Periodic::Update-Package-Lists "1";',
        'APT::Periodic::Unattended-Upgrade "1";',
        *lines,
    ]
    assert [id_ for id_ in found if id_ != FILE] == [
        "package:unattended-upgrades",
        "service:apt-daily.timer",
        "service:apt-daily-upgrade.timer",
    ]


def test_a_restart_is_refused_where_nothing_starts_anew(tmp_path: Path) -> None:
    section = 'unattended_upgrades: {reboot: "04:30"}\n'
    assert refusals(tmp_path, section) == []
    assert refusals(tmp_path, section, replace(DEBIAN, container=True)) == [
        "2:31: a container does not start anew by itself: what runs there would end"
    ]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{reboot: now}", 'a time of day, like "04:30"'),
        ('{reboot: "24:00"}', 'a time of day, like "04:30"'),
        ('{without: ["^linux"]}', "a package's name"),
    ],
)
def test_what_is_no_time_and_no_name_is_refused(tmp_path: Path, section: str, said: str) -> None:
    (error,) = refusals(tmp_path, f"unattended_upgrades: {section}\n")
    assert f" must be {said}, not " in error


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, "unattended_upgrades: {}\n")) == []
