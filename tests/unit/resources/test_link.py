"""Link: a symbolic link with the target as it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from envwright.facts import Facts, KnownGroup, KnownUser, Stat, Status, Text, Unknown
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


PROFILE = replace(LINK, path="/home/dev/.profile", template="/etc/skel/.profile")
GIVEN, OWN = Text("/home/dev/.profile"), Text("/etc/skel/.profile")
COPY = "copy of /etc/skel/.profile"
IN_THE_WAY = "/home/dev/.profile is a file, not a link: move it away first"


@pytest.mark.parametrize(
    ("texts", "state", "told"),
    [
        ({GIVEN: "umask 022\n", OWN: "umask 022\n"}, {"kind": COPY, "target": COPY}, ""),
        ({GIVEN: "umask 077\n", OWN: "umask 022\n"}, {"kind": "file"}, IN_THE_WAY),
        ({GIVEN: "umask 022\n", OWN: None}, {"kind": "file"}, IN_THE_WAY),
        ({GIVEN: None, OWN: None}, {"kind": "file"}, IN_THE_WAY),
        ({GIVEN: Unknown("why"), OWN: Unknown("why")}, {"kind": "file"}, IN_THE_WAY),
    ],
)
def test_a_link_takes_the_place_of_an_unchanged_copy_of_its_template_alone(
    texts: dict[Any, Any], state: Fields, told: str
) -> None:
    status = Status("file", "0644", "dev", "team", 10, "")
    seen = PROFILE.actual(Facts({Stat(PROFILE.path): status, **texts}))
    assert seen == {**state, "owner": "dev", "group": "team"}
    assert {*PROFILE.questions()} == {Stat(PROFILE.path), GIVEN, OWN, *OWNERS}
    difference = compare(seen, PROFILE.desired())
    assert (bool(difference), PROFILE.refusal(difference)) == (True, told)
    (made,) = PROFILE.converge(difference)
    assert made.arguments["template"] == "/etc/skel/.profile"


def test_a_link_is_witnessed_itself_not_what_it_leads_to() -> None:
    assert list(LINK.witness()) == [
        Assertion("file", ("/opt/my link",), "is_symlink", expected=True),
        Assertion("run", ("readlink '/opt/my link'",), "stdout", "a 'b'\n"),
        Assertion("run", ("stat -c '%U %G' '/opt/my link'",), "stdout", "dev team\n"),
    ]
