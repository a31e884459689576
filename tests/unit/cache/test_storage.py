"""The cache folder: only the user's own entries are read, and only entries are ever deleted."""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envwright.cache import storage

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY = "0" * 64
NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing an owner needs root")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, which does not exist yet; root's own home is elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / ".cache"))
    (tmp_path / "home").mkdir()
    monkeypatch.setattr("pwd.getpwuid", _home_of(tmp_path / "root"))
    return tmp_path / "home" / ".cache" / "envwright"


def _home_of(home: Path) -> Callable[[int], os.stat_result]:
    real = pwd.getpwuid(os.geteuid())
    home.mkdir(mode=0o700)
    return lambda _: pwd.struct_passwd((*real[:5], str(home), real[6]))  # type: ignore[return-value]


def kept(entry: str = ENTRY) -> bytes | None:
    """Write an entry where that can be done, and read it."""
    with contextlib.suppress(OSError):
        storage.write(entry, b"payload")
    return storage.read(entry)


def tree(root: Path) -> dict[str, str]:
    """Everything below a folder: names, and what files hold."""
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }


def test_an_entry_is_read_as_it_was_written_and_is_the_users_alone(folder: Path) -> None:
    assert (kept(), stat.S_IMODE(folder.stat().st_mode)) == (b"payload", 0o700)
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]


def test_the_entries_unused_for_longest_are_deleted_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ENTRIES", 2)
    others = ["notes.txt", "0" * 63, "G" * 64, f"{'0' * 64}.bak", f"{'0' * 64}.0123456g", ".hidden"]
    storage.write("a" * 64, b"old")
    for name in others:
        (folder / name).write_text("mine")
        os.utime(folder / name, (1, 1))
    (folder / ("b" * 64)).mkdir()
    half = folder / f"{'c' * 64}.01234567"
    half.write_text("a run was killed while it wrote this")
    for file in (half, folder / ("a" * 64)):
        os.utime(file, (2, 2))
    for entry in ("d" * 64, "e" * 64):
        storage.write(entry, b"new")
    assert {path.name for path in folder.iterdir()} == {
        *others,
        "b" * 64,
        "d" * 64,
        "e" * 64,
    }


@pytest.mark.parametrize("link", ["home", "home/.cache", "home/.cache/envwright"])
def test_where_a_link_leads_nothing_is_written_read_or_deleted(
    folder: Path, tmp_path: Path, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ENTRIES", 0)
    assert kept() is None  # the folder is made; its one entry is deleted at once
    (tmp_path / link).rename(tmp_path / "elsewhere")
    (tmp_path / link).symlink_to(tmp_path / "elsewhere")
    for number in range(5):
        file = folder / f"{number:064x}"
        file.write_bytes(storage.checksum(b"planted").encode() + b"planted")
    before = tree(tmp_path / "elsewhere")
    assert (kept("a" * 64), storage.read(f"{1:064x}")) == (None, None)
    assert tree(tmp_path / "elsewhere") == before


@pytest.mark.parametrize("mode", [0o777, 0o702])
@pytest.mark.parametrize("inner", [".", ".cache", ".cache/envwright"])
@pytest.mark.usefixtures("folder")
def test_a_folder_that_others_can_write_is_no_cache(tmp_path: Path, inner: str, mode: int) -> None:
    assert kept() == b"payload"
    (tmp_path / "home" / inner).chmod(mode)
    (tmp_path / "root").chmod(0o777)
    assert (storage.read(ENTRY), kept("a" * 64)) == (None, None)


def test_a_folder_below_one_with_the_sticky_bit_is_the_users(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").chmod(0o1777)
    assert (kept(), folder.exists()) == (b"payload", True)


@needs_root
@pytest.mark.parametrize("inner", [".", ".cache", ".cache/envwright"])
@pytest.mark.usefixtures("folder")
def test_root_under_a_users_home_neither_reads_nor_deletes_there_and_uses_its_own(
    tmp_path: Path, inner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ENTRIES", 1)
    storage.write(ENTRY, b"planted")
    os.chown(tmp_path / "home" / inner, NOBODY, NOBODY)
    before = tree(tmp_path / "home")
    assert (storage.read(ENTRY), kept("a" * 64)) == (None, b"payload")
    assert tree(tmp_path / "home") == before
    own = tmp_path / "root" / ".cache" / "envwright"
    assert [file.name for file in own.iterdir()] == ["a" * 64]


@needs_root
def test_an_entry_of_another_user_is_neither_read_nor_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept() == b"payload"
    os.chown(folder / ENTRY, NOBODY, NOBODY)
    monkeypatch.setattr(storage, "ENTRIES", 0)
    storage.write("a" * 64, b"")
    assert (storage.read(ENTRY), (folder / ENTRY).exists()) == (None, True)


@pytest.mark.parametrize(
    "place", ["a link", "a FIFO", "a folder", "what others can write", "more than the limit"]
)
def test_an_entry_that_is_no_file_of_the_user_alone_is_not_read(
    folder: Path, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept() == b"payload"
    file = folder / ENTRY
    if place == "what others can write":
        file.chmod(0o622)
    elif place == "more than the limit":
        monkeypatch.setattr(storage, "LARGEST", 10)
    else:
        file.rename(tmp_path / "entry")
        if place == "a link":
            file.symlink_to(tmp_path / "entry")
        elif place == "a FIFO":
            os.mkfifo(file, 0o600)
        else:
            file.mkdir()
    assert storage.read(ENTRY) is None


@pytest.mark.parametrize("given", ["/dev/null", "/proc/self"])
def test_where_no_folder_can_be_there_is_no_cache(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    storage.touch(ENTRY)
    assert kept() is None


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_left_open(folder: Path, tmp_path: Path) -> None:
    before = open_files()
    kept()
    (tmp_path / "home").chmod(0o777)
    kept()
    (tmp_path / "home").chmod(0o700)
    folder.rename(tmp_path / "gone")
    folder.write_text("a file is in the way")
    kept()
    assert open_files() == before
