"""File: the whole content, owner and mode of one path."""

from __future__ import annotations

import hashlib

from standins import ORIGIN

from envwright.facts import Facts, KnownGroup, KnownUser, Stat, Status, Text, Unknown
from envwright.model.operations import Content, operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Difference, Fields, compare
from envwright.resources.apt_entries import AptEntries
from envwright.resources.file import File
from envwright.resources.package import Package

OWNERS = (KnownUser("dev"), KnownGroup("team"))
FILE = File(path="/etc/x", content="text\n", mode="0600", owner="dev", group="team")
STATE: Fields = {
    "kind": "file",
    "mode": "0600",
    "owner": "dev",
    "group": "team",
    "content": "text\n",
}


def facts(status: Status | Unknown | None, text: str | None = None) -> Facts:
    return Facts({Stat("/etc/x"): status, Text("/etc/x"): text})


def status(kind: str, size: int = 5) -> Status:
    return Status(kind, "0600", "dev", "team", size, "")


def test_a_file_asks_for_its_status_and_its_text() -> None:
    assert (FILE.id, FILE.questions()) == (
        "file:/etc/x",
        (Stat("/etc/x"), Text("/etc/x"), *OWNERS),
    )


def test_a_file_is_known_by_attributes_and_content() -> None:
    assert FILE.desired() == STATE
    assert FILE.actual(facts(status("file"), "text\n")) == STATE
    assert FILE.actual(facts(None)) is None
    assert FILE.actual(facts(Unknown("why"))) == Unknown("why")
    assert FILE.actual(facts(status("file", 9))) == {**STATE, "content": Unknown("9 bytes")}
    link: Fields = {"kind": "link", "mode": "0600", "owner": "dev", "group": "team"}
    assert FILE.actual(facts(status("link"))) == link


def test_a_drop_in_comes_after_the_file_of_its_unit() -> None:
    drop_in = File(path="/etc/systemd/system/api@x.service.d/go.conf")
    assert [id_ for id_ in drop_in.autorequires if id_.startswith("file:")] == [
        "file:/etc/systemd/system/api@x.service",
        "file:/etc/systemd/system/api@.service",
    ]
    assert [id_ for id_ in FILE.autorequires if id_.startswith("file:")] == []


def test_a_file_is_put_whole_whatever_differs() -> None:
    put = operation(
        "paths.put", src=Content("text\n"), dest="/etc/x", user="dev", group="team", mode="0600"
    )
    for before in (None, {**STATE, "mode": "0644"}):
        assert list(FILE.converge(compare(before, STATE))) == [put]


def test_a_checked_file_is_put_when_its_command_agrees() -> None:
    agree = 'visudo -cqf "$staged"'
    checked = File(path="/etc/sudoers.d/dev", content="x", validate=agree)
    (put,) = checked.converge(compare(None, checked.desired()))
    assert (put.name, put.arguments["validate"]) == ("paths.put", agree)


def test_a_file_that_must_not_be_is_removed() -> None:
    absent = File(path="/etc/x", present=False)
    assert absent.desired() is None
    assert list(absent.converge(compare(STATE, None))) == [operation("paths.absent", path="/etc/x")]
    assert list(absent.witness()) == [Assertion("file", ("/etc/x",), "exists", expected=False)]


def test_a_link_is_replaced_and_a_directory_is_not() -> None:
    link, folder = ({**STATE, "kind": kind} for kind in ("link", "directory"))
    assert FILE.refusal(compare(link, STATE)) == ""
    told = "/etc/x is a directory, not a file: move it away first"
    assert FILE.refusal(compare(folder, STATE)) == told


def test_a_file_is_witnessed_as_no_link_with_all_that_it_has() -> None:
    seen = ("file", ("/etc/x",))
    assert list(FILE.witness()) == [
        Assertion(*seen, "is_symlink", expected=False),
        Assertion(*seen, "is_file", expected=True),
        Assertion(*seen, "mode", 0o600),
        Assertion(*seen, "user", "dev"),
        Assertion(*seen, "group", "team"),
        Assertion(*seen, "content_string", "text\n"),
    ]


def test_who_asks_is_no_part_of_the_wish() -> None:
    asked = File(path="/etc/x", origins=(ORIGIN,), needs=("user:dev",), at=("x",))
    assert asked.spec() == File(path="/etc/x").spec()


def test_a_file_that_apt_reads_goes_before_all_that_apt_does() -> None:
    paths = ("/etc/apt/apt.conf.d/90x", "/etc/apt/auth.conf.d/x.conf", "/etc/aptitude", "/etc/motd")
    early = [File(path=path).order < AptEntries.rank < Package.rank for path in paths]
    assert early == [True, True, False, False]


def test_a_file_that_is_made_once_is_as_it_should_be_whatever_is_there() -> None:
    once = File(path="/x", content="new\n", once=True)
    for status in (Status("file", "0600", "dev", "dev", 3, ""), Status("link", "", "", "", 0, "y")):
        facts = Facts({Stat("/x"): status, Text("/x"): "old"})
        assert compare(once.actual(facts), once.desired()).fields == ()
    (put,) = once.converge(compare(None, once.desired()))
    assert put.arguments["once"] is True
    (seen,) = once.witness()
    assert (seen.arguments, seen.expected) == (("test -e /x || test -L /x",), 0)


def test_a_file_that_is_no_text_is_witnessed_by_its_checksum() -> None:
    *_, seen = File(path="/x", content="\udcff\0").witness()
    digest = hashlib.sha256(b"\xff\0").hexdigest()
    assert (seen.attribute, seen.expected) == ("sha256sum", digest)


def test_a_file_that_must_not_be_there_goes_when_a_new_package_has_brought_it() -> None:
    gone = File(path="/etc/d", present=False, needs=("package:d",))
    nothing = compare(None, None)
    assert gone.predict(nothing, set()) == nothing
    comes: Fields = {EXISTENCE: Unknown("package:d comes first")}
    assert gone.predict(nothing, {"package:d"}) == Difference(comes, None, (EXISTENCE,))
    there = compare({"kind": "file"}, None)
    assert gone.predict(there, {"package:d"}) == there
