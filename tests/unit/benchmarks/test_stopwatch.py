"""The stopwatch, and a site around it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.sites import Command, PrepareError, Site, here

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return here(tmp_path)


def test_a_command_is_timed_in_its_folder_and_environment(site: Site, tmp_path: Path) -> None:
    script = "sleep 0.1; pwd; echo $WORD >&2; exit 3"
    command = Command(("sh", "-c", script), {"WORD": "two words"}, str(tmp_path))
    timing = site.time(command, limit=10)
    assert (timing.code, timing.said) == (3, f"{tmp_path}\ntwo words\n")
    assert 0.1 <= timing.seconds < 10
    assert timing.peak > 0
    assert 0 < timing.cpu < timing.seconds


def test_a_command_that_takes_too_long_is_killed_with_its_children(site: Site) -> None:
    timing = site.time(Command(("sh", "-c", "sleep 60 & wait")), limit=0.2)
    assert (timing.code, timing.said) == (-9, "")
    assert timing.seconds < 30


def test_what_is_measured_caches_its_bytecode(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    ask = "import sys; print(sys.dont_write_bytecode)"
    assert site.time(Command((sys.executable, "-c", ask)), limit=30).said == "False\n"


def test_files_are_put_below_the_folder(site: Site, tmp_path: Path) -> None:
    site.put("work-1/mise/mise.toml", "[bootstrap]\n")
    assert (tmp_path / "work-1" / "mise" / "mise.toml").read_text("utf-8") == "[bootstrap]\n"
    assert site.sh("cat work-1/mise/mise.toml") == "[bootstrap]\n"


def test_a_script_that_fails_says_its_last_line(site: Site) -> None:
    with pytest.raises(PrepareError, match=r"^no way$"):
        site.sh("echo first; echo no way >&2; false; echo never")
