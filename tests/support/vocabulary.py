"""The vocabulary as it is found, and a sample of each word at a place on the machine."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import envwright.resources
from envwright.model.operations import Key
from envwright.model.resource import Resource
from envwright.resources.apt_source import AptSource
from envwright.resources.archive import Archive
from envwright.resources.checkout import Checkout
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.kept import Kept
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.mount import FSTAB, Mount
from envwright.resources.service import Service
from envwright.resources.user import User
from envwright.resources.user_service import UserService
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.keys import WindowsKeys
from envwright.resources.windows.link import WindowsLink

if TYPE_CHECKING:
    from collections.abc import Iterator


def words() -> dict[str, type[Resource]]:
    """Every word of the vocabulary: the classes of envwright.resources that have one."""
    for module in pkgutil.walk_packages(envwright.resources.__path__, "envwright.resources."):
        importlib.import_module(module.name)
    return {
        class_.word: class_
        for class_ in _below(Resource)  # type: ignore[type-abstract] # mypy: python/mypy#4717
        if "word" in vars(class_) and class_.__module__.startswith("envwright.resources.")
    }


def _below(class_: type[Resource]) -> Iterator[type[Resource]]:
    for below in class_.__subclasses__():
        yield below
        yield from _below(below)


PLACES: tuple[PurePath, ...] = (
    PurePosixPath("/srv/place"),
    PurePosixPath(FSTAB),
    PurePosixPath("/etc/apt/sources.list.d/place.sources"),
    PurePosixPath("/etc/apt/keyrings/place.asc"),
    PurePosixPath("/etc/systemd/system/place.service"),
    PurePosixPath("/home/dev/.config/systemd/user/place.service"),
    PureWindowsPath("%USERPROFILE%", "place"),
    PureWindowsPath("C:\\place"),
)
"""One place of every kind that a word knows."""
PLACELESS = {
    "apt-archive",
    "apt-entries",
    "command",
    "database",
    "group",
    "member",
    "package",
    "role",
}
"""The words that decide about no place in a file system."""


def at(place: PurePath) -> dict[str, Resource]:
    """A sample of each word that can decide about a place, by the word."""
    path, name = str(place), place.name
    samples: list[Resource] = [AptSource(source="place", uris=("u",), suites=("s/",), key=_KEY)]
    own = UserService(unit="place.service", masked=True, user="dev", home="/home/dev")
    samples += [Service(unit="place.service", masked=True), own]
    if isinstance(place, PurePosixPath):
        samples += [
            Archive(path=path, url="https://x.test/a.tar", sha256="a" * 64),
            Checkout(path=path, home="/", url="https://x.test/a", kind="tag", ref="v1"),
            Directory(path=path),
            File(path=path),
            Kept(of=f"before:{path}", path=path, image="/var/lib/envwright/generations/1/0"),
            Keys(path=path, dialect="goenv", keys={"A": "b"}),
            Link(path=path, target="/elsewhere"),
            # What a mount decides about its own table is the entry of another place.
            Mount(target=path if path != FSTAB else "/mnt/a", source="tmpfs", kind="tmpfs"),
            User(user="dev", home=path),
        ]
    else:
        samples += [
            WindowsFile(folder="USERPROFILE", file=name, content=""),
            WindowsKeys(file=name, dialect="wslconfig"),
            WindowsLink(path=path, target="C:\\other"),
        ]
    return {
        sample.word: sample
        for sample in samples
        if place in {claim.place for claim in sample.claims()}
    }


_KEY = Key(("A" * 40,), text="key")
