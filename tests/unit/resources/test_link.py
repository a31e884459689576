"""Link: a symbolic link with the target as it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from envwright.facts import Facts, KnownGroup, KnownUser, Question, Stat, Status, Text, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Fields, compare
from envwright.resources.link import Link

OWNERS = (KnownUser("dev"), KnownGroup("team"))
LINK = Link(path="/opt/my link", target="a 'b'", owner="dev", group="team")
STATE: Fields = {"kind": "link", "target": "a 'b'", "owner": "dev", "group": "team"}


def actual(status: Status | Unknown | None) -> object:
    return LINK.actual(Facts({Stat("/opt/my link"): status}))


def test_a_link_is_known_by_target_and_owner() -> None:
    assert (LINK.id, LINK.questions()) == (
        "link:/opt/my link",
        (Stat("/opt/my link"), *OWNERS),
    )
    assert LINK.desired() == STATE
    assert actual(Status("link", "0777", "dev", "team", 5, "a 'b'")) == STATE
    file = Status("file", "0644", "dev", "team", 5, "")
    assert actual(file) == {"kind": "file", "owner": "dev", "group": "team"}
    assert (actual(None), actual(Unknown("why"))) == (None, Unknown("why"))


def test_a_link_is_made_or_turned_by_one_call() -> None:
    assert list(LINK.converge(compare(None, STATE))) == [
        operation("paths.link", path="/opt/my link", target="a 'b'", user="dev", group="team")
    ]


def test_what_is_no_link_is_left_alone() -> None:
    file: Fields = {**STATE, "kind": "file"}
    told = "/opt/my link is a file, not a link: move it away first"
    assert LINK.refusal(compare(file, STATE)) == told
    assert LINK.refusal(compare({**STATE, "target": "x"}, STATE)) == ""


def test_a_copy_of_a_file_that_nobody_changed_gives_way() -> None:
    link = replace(LINK, over="/etc/skel/x")
    file = Status("file", "0644", "dev", "team", 5, "")
    answers: dict[Question[Any], Any] = {
        Stat(link.path): file,
        Text(link.path): "a",
        Text("/etc/skel/x"): "a",
    }
    copy = compare(link.actual(Facts(answers)), STATE)
    assert (set(answers) <= set(link.questions()), link.refusal(copy)) == (True, "")
    assert list(link.converge(copy)) == [
        operation(
            "paths.link",
            path="/opt/my link",
            target="a 'b'",
            user="dev",
            group="team",
            over="/etc/skel/x",
        )
    ]
    changed = compare(link.actual(Facts({**answers, Text(link.path): "b"})), STATE)
    assert link.refusal(changed) == "/opt/my link is a file, not a link: move it away first"


def test_a_link_is_witnessed_itself_not_what_it_leads_to() -> None:
    assert list(LINK.witness()) == [
        Assertion("file", ("/opt/my link",), "is_symlink", expected=True),
        Assertion("run", ("readlink '/opt/my link'",), "stdout", "a 'b'\n"),
        Assertion("run", ("stat -c '%U %G' '/opt/my link'",), "stdout", "dev team\n"),
    ]
