"""AptEntries: what a publisher's older instructions wrote goes; every other line stays."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.facts import AptSources, Facts
from envwright.facts.apt_sources import listed
from envwright.model.resource import compare
from envwright.resources.apt_entries import AptEntries, address, same

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "/etc/apt/sources.list.d"
OLD = AptEntries(
    source="tools",
    files=("tools.list", "archive_*.list"),
    addresses=("x.test/linux",),
    repositories=(("https://y.test/apt", "trixie"),),
)
TEXT = """\
# ours
deb [arch=amd64 signed-by=/etc/x.gpg] https://x.test/linux/debian trixie stable
deb-src https://x.test/linux/debian trixie stable
deb https://x.test/linux-more trixie stable # foreign
  deb http://y.test/apt/ trixie main
deb http://y.test/apt/ sid main"""


def state(path: str, text: str) -> object:
    lines = tuple(text.removesuffix("\n").split("\n"))
    return OLD.actual(Facts({AptSources(): tuple(listed(path, lines))}))


def test_the_publisher_s_lines_in_its_own_file_are_named_with_their_places() -> None:
    path = f"{FOLDER}/tools.list"
    found = state(path, TEXT)
    assert isinstance(found, dict)
    lines = TEXT.split("\n")
    assert found["lines"] == "".join(f"{path}:{n}: {lines[n - 1]}\n" for n in (2, 3, 5))


def test_a_line_that_apt_cannot_read_goes_too_where_it_is_the_publisher_s() -> None:
    path = f"{FOLDER}/Tools.list"
    found = state(
        path, "deb [x] https://x.test/linux/a\ndeb https://y.test/apt\ndeb https://z.test\n"
    )
    assert isinstance(found, dict)
    assert found["lines"] == (
        f"{path}:1: deb [x] https://x.test/linux/a\n{path}:2: deb https://y.test/apt\n"
    )


@pytest.mark.parametrize("name", ["other.list", "../sources.list"])
def test_the_same_lines_in_another_file_are_not_touched(name: str) -> None:
    assert state(f"{FOLDER}/{name}", TEXT) == {"lines": "", "seen": {}}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (TEXT, "".join(f"{TEXT.split(chr(10))[n]}\n" for n in (0, 3, 5)).removesuffix("\n")),
        ("deb http://x.test/linux/ a b\r\n\n", None),
    ],
)
def test_the_lines_are_removed_and_all_other_bytes_stay(
    text: str, left: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "tools.list"
    file.write_text(text, "utf-8", newline="")
    before = state(f"{FOLDER}/{file.name}", text)
    (step,) = OLD.converge(compare(before, OLD.desired()))  # type: ignore[arg-type]
    (script,) = step.arguments["commands"]
    subprocess.run(["sh", "-ec", script.replace(FOLDER, str(tmp_path))], check=True)
    assert (file.read_text("utf-8") if file.exists() else None) == left


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "tools.list"
    file.write_text(f"deb http://mine.test a b\n{TEXT}", "utf-8")
    (step,) = OLD.converge(compare(state(f"{FOLDER}/tools.list", TEXT), OLD.desired()))  # type: ignore[arg-type]
    (script,) = step.arguments["commands"]
    done = subprocess.run(
        ["sh", "-ec", script.replace(FOLDER, str(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, f"{file} changed after the plan was made\n")


@pytest.mark.parametrize(
    ("text", "stays"), [(TEXT, True), (TEXT.split("\n")[1], False), ("# mine", True)]
)
def test_an_exported_deploy_removes_a_file_with_nothing_but_these_addresses(
    text: str, tmp_path: Path, *, stays: bool
) -> None:
    file = tmp_path / "tools.list"
    file.write_text(f"{text}\n", "utf-8")
    (step,) = OLD.exported()
    (script,) = step.arguments["commands"]
    subprocess.run(["sh", "-ec", script.replace(FOLDER, str(tmp_path))], check=True)
    assert file.exists() is stays


def test_apt_s_own_words_are_looked_for_by_the_witness(tmp_path: Path) -> None:
    file = tmp_path / "archive_x.list"
    (assertion,) = OLD.witness()
    script = assertion.arguments[0].replace(FOLDER, str(tmp_path))
    found = {}
    for line in TEXT.split("\n"):
        file.write_text(f"{line}\n", "utf-8")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        found[line] = done.stdout == assertion.expected
    assert list(found.values()) == [True, False, False, True, False, True]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (("https://x.test/d/", "s"), ("http://X.test:80/d", "s"), True),
        (("https://me:pw@x.test/d", "/"), ("https://x.test/d//", "./"), True),
        (("https://x.test/d/amd64", "/"), ("https://x.test/d/$(ARCH)", "/"), True),
        (("https://x.test/d", "s"), ("https://x.test/d", "s/"), False),
        (("https://x.test/d", "s"), ("https://x.test/D", "s"), False),
        (("https://x.test/d", "s"), ("https://x.test/d", "t"), False),
    ],
)
def test_one_repository_has_many_spellings(
    one: tuple[str, str], other: tuple[str, str], *, equal: bool
) -> None:
    assert same(*one, *other) is equal


def test_an_address_is_host_and_path() -> None:
    assert address("https://me@Download.docker.com:443/linux/") == "download.docker.com/linux"
