"""Kept: what lay at a path before comes back byte by byte, and new folders go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from standins import ME, local_session
from vocabulary import PLACELESS, PLACES, at, words

from envwright.host.probe import ask
from envwright.model.resource import Resource, compare
from envwright.model.way_back import UNKNOWN
from envwright.portable.safepath import change
from envwright.resources.command import Command
from envwright.resources.group import Group
from envwright.resources.kept import Kept
from envwright.resources.member import Member
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.host.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


def record(session: Session, folder: Path, *paths: str, secrets: tuple[str, ...] = ()) -> None:
    """Keep what lies at paths in a folder, as the store does."""
    (folder / "objects").mkdir(parents=True)
    (folder / "1").mkdir()
    words = [str(len(secrets)), *secrets, *paths]
    stdin = "".join(f"{word}\0" for word in words).encode()
    script = change("record", str(folder / "1"), str(folder / "objects"), "")
    done = session.run(script, stdin=stdin)
    assert (done.code, done.stderr) == (0, b"")


def look(path: Path) -> tuple[str, ...]:
    """What lies at a path: kind, mode, content or target."""
    if path.is_symlink():
        return ("link", "", str(path.readlink()))
    if not path.exists():
        return ("none", "", "")
    return ("file", f"{path.stat().st_mode & 0o7777:04o}", path.read_bytes().hex())


def kept(folder: Path, number: int, path: Path) -> Kept:
    """The resource for an image that was recorded, as undo makes it."""
    fields = (folder / "1" / str(number) / "about").read_bytes().decode().split("\0")
    kind, _, _, mode, target, owner, group, above, _, digest = fields
    content = folder / "1" / str(number) / "content"
    data = content.read_bytes() if content.exists() else None
    return Kept(
        of=f"file:{path}",
        path=str(path),
        image=str(content.parent),
        kind=kind,
        mode=mode,
        owner=owner or ME,
        group=group or ME,
        target=target,
        content=None if data is None else data.decode("utf-8", "surrogateescape"),
        digest=digest,
        above=above,
    )


def test_a_file_a_link_and_nothing_come_back_as_they_were(session: Session, tmp_path: Path) -> None:
    store, home = tmp_path / "store", tmp_path / "home"
    home.mkdir()
    file, link, new = home / "file", home / "link", home / "a" / "b" / "new"
    file.write_bytes(bytes(range(256)))
    file.chmod(0o640)
    link.symlink_to("/elsewhere")
    paths = (file, link, new)
    before = [look(path) for path in paths]
    record(session, store, *map(str, paths))
    file.unlink()
    file.symlink_to("/etc/passwd")
    link.unlink()
    link.write_text("a file")
    new.parent.mkdir(parents=True)
    new.write_text("new")
    images = [kept(store, number, path) for number, path in enumerate(paths)]
    for image in images:
        facts = ask(session, image.questions())
        difference = compare(image.actual(facts), image.desired())
        assert difference
        for operation in image.converge(difference):
            assert session.run(operation.arguments["commands"][0]).ok
        facts = ask(session, image.questions())
        assert not compare(image.actual(facts), image.desired())
    assert [look(path) for path in paths] == before
    assert sorted(path.name for path in home.iterdir()) == ["file", "link"]


def test_a_new_folder_stays_where_something_else_lies_in_it(
    session: Session, tmp_path: Path
) -> None:
    store, new = tmp_path / "store", tmp_path / "home" / "a" / "new"
    record(session, store, str(new))
    new.parent.mkdir(parents=True)
    new.write_text("new")
    (new.parent / "mine").write_text("mine")
    image = kept(store, 0, new)
    facts = ask(session, image.questions())
    for operation in image.converge(compare(image.actual(facts), image.desired())):
        assert session.run(operation.arguments["commands"][0]).ok
    assert [path.name for path in new.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize("whole", [True, False])
def test_no_image_has_the_content_of_a_file_with_a_secret(
    session: Session,
    tmp_path: Path,
    whole: bool,  # noqa: FBT001 - a case
) -> None:
    store, file = tmp_path / "store", tmp_path / "file"
    file.write_text("password=hunter22\n")
    record(session, store, f"{'*' * whole}{file}", secrets=() if whole else ("hunter22",))
    about = (store / "1" / "0" / "about").read_text().split("\0")
    names = [path.name for path in store.rglob("*") if path.is_file()]
    assert (about[0], sorted(names)) == ("hidden", ["about", "paths"])
    assert (store / "1" / "paths").read_text() == f"*{file}\0"


SAMPLES: dict[str, Resource] = {
    "command": Command(title="x", observe="", expected="", run="", seen=()),
    "group": Group(group="x"),
    "member": Member(user="x", group="y"),
    "package": Package(package="x"),
}
"""Words that decide about no place, and so have no sample there."""


def test_every_word_can_be_taken_back_or_says_why_not() -> None:
    samples = dict(SAMPLES)
    for place in PLACES:
        samples |= at(place)
    ways = {word: sample.way_back(None) for word, sample in samples.items()}
    assert {word for word, way in ways.items() if way == UNKNOWN} == set()
    unsampled = words().keys() - samples.keys()
    assert unsampled <= PLACELESS
    own = {word: vars(words()[word]).get("way_back") for word in unsampled}
    assert [word for word, method in own.items() if method is None] == []
