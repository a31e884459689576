"""Whole files: what stands in a file at any moment, and where a link cannot lead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from envwright.portable import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    folder = whole_file.open_folder(tmp_path)
    yield folder
    os.close(folder)


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in folder.iterdir()
    }


def test_a_file_is_written_with_its_mode_whatever_the_umask_is(tmp_path: Path, folder: int) -> None:
    before = os.umask(0o077)
    try:
        whole_file.write(folder, "new", b"text\n", 0o644)
        whole_file.write(folder, "secret", b"")
    finally:
        os.umask(before)
    assert content(tmp_path) == {"new": (b"text\n", 0o644), "secret": (b"", 0o600)}


def test_a_reader_of_the_old_file_has_all_of_it(tmp_path: Path, folder: int) -> None:
    whole_file.write(folder, "file", b"old")
    with (tmp_path / "file").open("rb") as reader:
        whole_file.write(folder, "file", b"new")
        assert reader.read() == b"old"
    assert content(tmp_path) == {"file": (b"new", 0o600)}


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path, folder: int) -> None:
    (tmp_path / "other").write_bytes(b"precious")
    (tmp_path / "other").chmod(0o600)
    (tmp_path / "file").symlink_to("other")
    whole_file.write(folder, "file", b"new")
    assert not (tmp_path / "file").is_symlink()
    assert content(tmp_path) == {"other": (b"precious", 0o600), "file": (b"new", 0o600)}


def test_what_cannot_be_replaced_stays_and_nothing_is_left(tmp_path: Path, folder: int) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        whole_file.write(folder, "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("link", ["link", "link/inner"])
def test_a_link_on_the_way_is_followed_only_where_that_is_wanted(tmp_path: Path, link: str) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    os.close(whole_file.open_folder(tmp_path / link))
    with pytest.raises(NotADirectoryError):
        whole_file.open_folder(tmp_path / link, through_links=False)
    os.close(whole_file.open_folder(tmp_path / "real/inner", through_links=False))
