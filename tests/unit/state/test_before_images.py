"""Before-images: files and links that come back byte by byte, with their owners and modes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.errors import StepError
from envwright.state.before_images import BeforeImages
from envwright.state.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.host.session import Session

BYTES = bytes(range(256)) * 8192
"""All bytes, and more of them than a plan compares."""


@pytest.fixture
def session(journal_file: Path) -> Iterator[Session]:
    assert journal_file
    with local_session() as session:
        yield session


def look(folder: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """What lies in a folder: content or target, mode, uid and gid, by names."""
    found = {}
    for path in folder.iterdir():
        status = path.lstat()
        content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        found[path.name] = (content, status.st_mode, status.st_uid, status.st_gid)
    return found


@pytest.mark.parametrize("other_run", [False, True])
def test_what_changed_comes_back_as_it_was(
    session: Session,
    tmp_path: Path,
    other_run: bool,  # noqa: FBT001 - a case
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    file, link, gone, new = (folder / name for name in ("a 'b'\n", "link", "gone", "new"))
    file.write_bytes(BYTES)
    file.chmod(0o4750)
    if os.geteuid() == 0:
        os.chown(file, 65533, 65532)  # they have no account
    link.symlink_to("nowhere")
    gone.write_text("was there")
    before = look(folder)
    images, paths = BeforeImages(session), list(map(str, (file, link, gone, new)))
    assert images.keep(paths) == set(paths)
    file.unlink()
    file.write_text("changed")
    link.unlink()
    link.write_text("a file now")
    gone.unlink()
    new.write_text("a secret")
    if other_run:
        images = BeforeImages(session)
        assert images.keep([]) == set(paths)
    assert (images.put_back(paths), look(folder)) == ({}, before)
    assert images.keep([]) == frozenset()


def test_what_was_never_there_may_lack_its_folder(session: Session, tmp_path: Path) -> None:
    path = f"{tmp_path}/no/where/file"
    images = BeforeImages(session)
    assert images.keep([path]) == {path}
    assert images.put_back([path]) == {}


def test_an_image_is_root_s_alone_and_goes_with_the_run_that_ends_well(
    session: Session, tmp_path: Path, journal_file: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter22")
    secret.chmod(0o644)
    with Journal(session, "box"):
        BeforeImages(session).keep([str(secret)])
        folder = journal_file.parent / "before"
        (image,) = folder.iterdir()
        modes = {path.name: oct(path.stat().st_mode) for path in image.iterdir()}
        assert modes == dict.fromkeys(("about", "content", "path"), "0o100600")
        assert [oct(each.stat().st_mode) for each in (folder, image)] == ["0o40700", "0o40700"]
    assert not folder.exists()


def test_what_cannot_be_put_back_keeps_its_image_and_is_told(
    session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("was there")
    images = BeforeImages(session)
    images.keep([str(file)])
    file.unlink()
    file.mkdir()
    assert images.put_back([str(file)]) == {str(file): f"{file}: it is a directory"}
    file.rmdir()
    assert (images.put_back([str(file)]), file.read_text()) == ({}, "was there")


def test_what_cannot_be_kept_is_told(session: Session, tmp_path: Path) -> None:
    with pytest.raises(StepError) as raised:
        BeforeImages(session).keep([str(tmp_path)])
    assert str(raised.value) == ("@local: keeping files as they are failed: it is not a file")


def test_images_are_dropped_one_by_one(session: Session, tmp_path: Path) -> None:
    images = BeforeImages(session)
    paths = [f"{tmp_path}/{name}" for name in "ab"]
    images.keep(paths)
    images.drop(paths[:1])
    assert images.keep([]) == {paths[1]}
