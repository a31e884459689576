"""Claims: what two words may do at one place, for every pair of words and every place."""

from __future__ import annotations

import itertools
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from standins import StandInSection, compiled
from vocabulary import PLACELESS, PLACES, at, words

from envwright.errors import SpecErrors
from envwright.resources.archive import Archive
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.mount import Mount
from envwright.resources.user import User
from envwright.resources.windows.link import WindowsLink

if TYPE_CHECKING:
    from envwright.model.resource import Resource

# As what two words can want one place, and why.
SHARING = {
    ("a directory", "a mount point"): "the owner and mode of what is mounted there",
    ("a directory", "a home"): "the mode of a home",
    ("a home", "a mount point"): "homes that lie on another disk",
    ("a file of some keys", "a table with an entry of its own"): "each edits entries of its own",
}


def told(*resources: Resource) -> str:
    """The conflicts that the compiler tells, "" where it tells none."""
    first, *others = resources
    try:
        compiled(StandInSection("files", [first]), StandInSection("other", others))
    except SpecErrors as errors:
        return str(errors)
    return ""


def test_every_word_has_a_sample_at_some_place_or_decides_about_none() -> None:
    placed = {word for place in PLACES for word in at(place)}
    assert (placed | PLACELESS, placed & PLACELESS) == (set(words()), set())


def pairs() -> list[tuple[PurePath, str, str]]:
    return [
        (place, one, other)
        for place in PLACES
        for one, other in itertools.combinations(sorted(at(place)), 2)
    ]


def nouns(place: PurePath, *resources: Resource) -> tuple[str, ...]:
    return tuple(
        next(claim.noun for claim in resource.claims() if claim.place == place)
        for resource in resources
    )


@pytest.mark.parametrize(("place", "one", "other"), pairs(), ids=str)
def test_two_words_share_a_place_or_are_told_whose_they_are(
    place: PurePath, one: str, other: str
) -> None:
    mine, theirs = at(place)[one], at(place)[other]
    wanted = nouns(place, mine, theirs)
    conflict = (
        f"{place} is wanted as {wanted[0]} by files (box.yaml:1) "
        f"and as {wanted[1]} by other (box.yaml:1)\n"
        "hint: remove one of the two"
    )
    assert told(mine, theirs) == ("" if tuple(sorted(wanted)) in SHARING else conflict)


def test_every_way_of_sharing_occurs() -> None:
    seen = {
        tuple(sorted(nouns(place, at(place)[one], at(place)[other])))
        for place, one, other in pairs()
    }
    assert set(SHARING) <= seen


def test_an_archive_and_a_directory_at_its_path_are_told() -> None:
    go = "/usr/local/go-1.27.3"
    archive = Archive(path=go, url="https://go.dev/go.tar.gz", sha256="a" * 64)
    assert told(Directory(path=go), archive) == (
        f"{go} is wanted as a directory by files (box.yaml:1) "
        "and as an unpacked archive by other (box.yaml:1)\n"
        "hint: remove one of the two"
    )


def test_a_file_that_must_not_be_there_is_told_so() -> None:
    assert told(File(path="/a", present=False), Link(path="/a", target="/b")) == (
        "/a is wanted as no file by files (box.yaml:1) and as a link by other (box.yaml:1)\n"
        "hint: remove one of the two"
    )


def test_windows_does_not_tell_capital_letters_from_small_ones() -> None:
    links = [WindowsLink(path=path, target="D:\\") for path in ("C:\\codes", "c:\\Codes")]
    assert told(*links) == (
        "c:\\Codes is wanted as a link by files (box.yaml:1) "
        "and as a link by other (box.yaml:1)\n"
        "hint: remove one of the two"
    )


# --- Below another's place --------------------------------------------------------------------

ABOVE = {
    "a file": File(path="/a/b"),
    "keys": Keys(path="/a/b", dialect="env"),
    "an archive": Archive(path="/a/b", url="https://x.test/a.tar", sha256="a" * 64),
}


@pytest.mark.parametrize("above", ABOVE)
def test_nothing_lies_below_a_file_or_in_an_archive(above: str) -> None:
    noun = nouns(PurePosixPath("/a/b"), ABOVE[above])[0]
    assert told(ABOVE[above], Directory(path="/a/b/c/d")) == (
        "/a/b/c/d is wanted as a directory by other (box.yaml:1), but "
        f"/a/b is wanted as {noun} by files (box.yaml:1), in which nothing else can lie\n"
        "hint: choose another path for one of them"
    )


@pytest.mark.parametrize(
    "above",
    [
        Directory(path="/a/b"),
        Link(path="/a/b", target="/c"),
        Mount(target="/a/b", source="tmpfs", kind="tmpfs"),
        User(user="dev", home="/a/b"),
    ],
    ids=lambda above: above.word,
)
def test_what_holds_others_holds_them(above: Resource) -> None:
    assert told(above, File(path="/a/b/c")) == ""
