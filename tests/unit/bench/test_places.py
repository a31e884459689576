"""Places: which folders are measured, in whose name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standins import DEBIAN, ME, local_session

from envwright.bench.places import Place, find, first_home
from envwright.errors import RefusedError
from envwright.facts.accounts import Accounts

if TYPE_CHECKING:
    from pathlib import Path


def test_a_named_folder_is_measured_in_the_name_of_its_owner(tmp_path: Path) -> None:
    with local_session() as session:
        (found,) = find(session, DEBIAN, [str(tmp_path)])
    assert (found.path, found.owner, found.foreign) == (str(tmp_path), ME, False)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with local_session() as session, pytest.raises(RefusedError) as told:
        find(session, DEBIAN, [str(tmp_path), str(tmp_path / "file")])
    assert str(told.value).startswith(f"{tmp_path}/file is no folder of ")


def test_without_names_each_file_system_is_measured_once() -> None:
    with local_session() as session:
        found = find(session, DEBIAN, [])
    assert len({place.path for place in found}) == len(found)
    assert not [place for place in found if place.path.startswith(("/proc", "/dev", "/etc"))]


def test_the_first_person_is_the_one_with_the_lowest_number() -> None:
    passwd = "root:x:0:0::/root:\nz:x:1001:1::/home/z:\ny:x:1000:1::/home/y:\nx:x:999:1::/x:\n"
    two = replace(DEBIAN, accounts=Accounts.read(passwd, ""))
    assert (first_home(two), first_home(DEBIAN)) == ("/home/y", "/root")


def test_a_drive_of_windows_is_foreign() -> None:
    kinds = ("9p", "drvfs", "virtiofs", "ext4", "tmpfs")
    foreign = [Place("/x", kind, "dev").foreign for kind in kinds]
    assert foreign == [True, True, True, False, False]
