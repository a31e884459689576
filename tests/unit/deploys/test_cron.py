"""cron: schedules as cron reads them, and commands that reach sh as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, refusals, states

from envwright.resources.file import File

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
user: {name: dev}
cron:
  sync: {schedule: "*/15  8-18 * * mon-fri", run: "date +%F; ~/bin/sync 'a b'"}
  report: {schedule: "@daily", run: date, user: root, output: mail}
"""


def lines(folder: Path, text: str) -> dict[str, str]:
    """Return the lines of the crontabs, by the names of their files."""
    made = compile_section(folder, text)
    files = [one for one in made.resources if isinstance(one, File) and "cron.d" in one.path]
    return {one.path: one.content.splitlines()[-1] for one in files}


def test_a_job_is_a_file_with_one_line(tmp_path: Path) -> None:
    assert lines(tmp_path, SECTION) == {
        "/etc/cron.d/envwright-sync": (
            "*/15 8-18 * * mon-fri dev { sh -c 'date +\\%F; ~/bin/sync '\"'\"'a b'\"'\"''; } 2>&1 "
            "| logger -t cron-sync"
        ),
        "/etc/cron.d/envwright-report": "@daily root date",
    }
    assert [id_ for id_ in states(tmp_path, SECTION) if "user" not in id_] == [
        "package:cron",
        "file:/etc/cron.d/envwright-sync",
        "file:/etc/cron.d/envwright-report",
        "service:cron.service",
    ]


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "0,30 0-6/2 1 jan,mar-MAY Sun-sat", "*/59 23 31 12 7", "@reboot", "5 4 * * 0-7"],
)
def test_what_cron_reads_is_taken(tmp_path: Path, schedule: str) -> None:
    text = f'cron: {{a: {{schedule: "{schedule}", run: x, user: root, output: mail}}}}\n'
    assert [*lines(tmp_path, text).values()] == [f"{schedule} root x"]


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("60 * * * *", "has '60' for the minute"),
        ("* * 0 * *", "has '0' for the day of the month"),
        ("* * * * sunday", "has 'sunday' for the day of the week"),
        ("5/10 * * * *", "has '5/10' for the minute"),
        ("*/0 * * * *", "has '*/0' for the minute"),
        ("*/70 * * * *", "has '*/70' for the minute"),
        ("9-5 * * * *", "has '9-5' for the minute"),
        ("1-3-5 * * * *", "has '1-3-5' for the minute"),
        ("1,,2 * * * *", "has '' for the minute"),
        ("* * * mon *", "has 'mon' for the month"),
        ("٣ * * * *", "has '٣' for the minute"),
        ("* * * *", "must be five fields"),
        ("@never", "must be five fields"),
    ],
)
def test_what_cron_would_not_run_is_refused(tmp_path: Path, schedule: str, said: str) -> None:
    text = f'cron: {{a: {{schedule: "{schedule}", run: x, user: root}}}}\n'
    (told,) = refusals(tmp_path, text)
    assert said in told


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ('run: "date +\\\\%F"', "has `\\%` in 'run': write `%`, which envwright escapes for cron"),
        (f"run: {'x' * 999}", "'run' of a is too long for cron: put it into a file"),
    ],
)
def test_a_command_that_cron_would_not_hand_on_whole_is_refused(
    tmp_path: Path, job: str, said: str
) -> None:
    (told,) = refusals(tmp_path, f'cron: {{a: {{schedule: "@daily", {job}, user: root}}}}\n')
    assert said in told


def test_a_secret_in_a_command_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n", "utf-8")
    text = (
        "secrets: {TOKEN: {file: token}}\n"
        'cron: {a: {schedule: "@daily", run: "x {{ secret.TOKEN }}", user: root}}\n'
    )
    (told,) = refusals(tmp_path, text)
    assert "has a secret in 'run', where other users could see it" in told
