"""Directory: there, with its owner and mode."""

from __future__ import annotations

from envwright.facts import Facts, KnownGroup, KnownUser, Stat, Status, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Fields, compare
from envwright.resources.directory import Directory

OWNERS = (KnownUser("dev"), KnownGroup("team"))
FOLDER = Directory(path="/opt/x", mode="0750", owner="dev", group="team")
STATE: Fields = {"kind": "directory", "mode": "0750", "owner": "dev", "group": "team"}


def test_a_directory_is_known_by_its_attributes() -> None:
    assert (FOLDER.id, FOLDER.questions()) == ("directory:/opt/x", (Stat("/opt/x"), *OWNERS))
    assert FOLDER.desired() == STATE
    there = Status("directory", "0750", "dev", "team", 4096, "")
    assert FOLDER.actual(Facts({Stat("/opt/x"): there})) == STATE
    assert FOLDER.actual(Facts({Stat("/opt/x"): None})) is None
    assert isinstance(FOLDER.actual(Facts({})), Unknown)


def test_a_mount_at_the_same_path_comes_first() -> None:
    assert list(FOLDER.autorequires)[-1] == "mount:/opt/x"


def test_a_directory_is_made_or_mended_by_one_call() -> None:
    assert list(FOLDER.converge(compare(None, STATE))) == [
        operation("paths.directory", path="/opt/x", mode="0750", user="dev", group="team")
    ]


def test_what_is_no_directory_is_left_alone() -> None:
    link: Fields = {**STATE, "kind": "link"}
    told = "/opt/x is a link, not a directory: move it away first"
    assert FOLDER.refusal(compare(link, STATE)) == told
    assert FOLDER.refusal(compare({**STATE, "mode": "0700"}, STATE)) == ""


def test_a_directory_is_witnessed_with_all_that_it_has() -> None:
    seen = ("file", ("/opt/x",))
    assert list(FOLDER.witness()) == [
        Assertion(*seen, "is_directory", expected=True),
        Assertion(*seen, "mode", 0o750),
        Assertion(*seen, "user", "dev"),
        Assertion(*seen, "group", "team"),
    ]
