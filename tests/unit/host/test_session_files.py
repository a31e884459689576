"""Files over a session: whole or not at all, and the machine's words where they cannot be."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from envwright.errors import StepError
from envwright.host.session import Session, open_session
from envwright.portable.safepath import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    with open_session("@local", privileged=False) as session:
        yield session


def test_put_and_get_carry_any_bytes(shared: Session, tmp_path: Path) -> None:
    path = tmp_path / "a file's name"
    for data in (b"", b"\0\xff\n", os.urandom(1_000_000)):
        shared.put(data, str(path))
        assert (path.read_bytes(), shared.get(str(path))[1]) == (data, data)
    assert (path.stat().st_mode, os.listdir(tmp_path)) == (0o100600, [path.name])  # noqa: PTH208


def test_put_replaces_a_file_at_once(shared: Session, tmp_path: Path) -> None:
    path, other = tmp_path / "link", tmp_path / "other"
    other.write_text("old")
    path.symlink_to(other)
    shared.put(b"new", str(path))
    assert (path.read_text(), path.is_symlink(), other.read_text()) == ("new", False, "old")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_put_writes_a_file_with_its_owner_and_mode(shared: Session, tmp_path: Path) -> None:
    path = tmp_path / "file"
    shared.put(b"text", str(path), owner="nobody", group="daemon", mode="4751")
    assert (path.owner(), path.group(), path.stat().st_mode) == ("nobody", "daemon", 0o104751)
    with pytest.raises(StepError, match=r"there is no user 'no one'$"):
        shared.put(b"other", str(path), owner="no one")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"text", ["file"])  # noqa: PTH208


def test_put_says_why_it_cannot_and_leaves_nothing(shared: Session, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StepError) as missing:
        shared.put(b"x" * 100_000, f"{tmp_path}/file/below")
    with pytest.raises(StepError) as directory:
        shared.put(b"x", str(tmp_path))
    assert (str(missing.value), str(directory.value)) == (
        f"@local: cannot write {tmp_path}/file/below: Not a directory",
        f"@local: cannot write {tmp_path}: it is a directory",
    )
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_put_on_a_full_or_read_only_disk_leaves_the_old_file(
    shared: Session, tmp_path: Path
) -> None:
    mount = shlex.quote(str(tmp_path))
    if not shared.run(f"mount -t tmpfs -o size=64k none {mount}").ok:
        pytest.skip("this machine may not mount")
    try:
        shared.put(b"old", f"{tmp_path}/file")
        with pytest.raises(StepError) as full:
            shared.put(b"x" * 1_000_000, f"{tmp_path}/file")
        shared.run(f"mount -o remount,ro {mount}")
        with pytest.raises(StepError) as fixed:
            shared.put(b"x", f"{tmp_path}/file")
        left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    finally:
        shared.run(f"umount {mount}")
    assert (str(full.value), str(fixed.value), left) == (
        (
            f"@local: cannot write {tmp_path}/file: No space left on device\n"
            "hint: make room: `df -h` shows where there is none"
        ),
        f"@local: cannot write {tmp_path}/file: Read-only file system",
        {"file": b"old"},
    )


def test_put_of_a_killed_envwright_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from envwright.host.session import open_session\n"
        "session = open_session('@local', privileged=False)\n"
        "print(flush=True)\n"
        "session.put(bytes(500_000_000), sys.argv[1] + '/file')\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        while not (seen := os.listdir(tmp_path)):  # noqa: PTH208
            time.sleep(0.01)
        process.kill()
    assert [name[:11] for name in seen] == [".envwright-"]
    until = time.monotonic() + 2
    while (left := os.listdir(tmp_path)) and time.monotonic() < until:  # noqa: PTH208
        time.sleep(0.01)
    assert left == []


def test_get_of_a_missing_file_is_nothing(shared: Session) -> None:
    assert shared.get("/no/such file") == ("none", b"")


def test_get_of_a_file_that_is_too_large_says_so(shared: Session, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(TEXT_LIMIT + 1))
    with pytest.raises(StepError) as raised:
        shared.get(str(path))
    told = f"@local: cannot read {path}: {path} has more than {TEXT_LIMIT} bytes"
    assert str(raised.value) == told
