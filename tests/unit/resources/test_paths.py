"""What files, directories and links share."""

from __future__ import annotations

from typing import Any

import pytest

from envwright.facts import Facts, KnownGroup, KnownUser, Question, Status, Unknown
from envwright.model.proof import Assertion
from envwright.model.resource import Difference, Fields, compare
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.paths import attribute_witness, attributes, in_the_way


def test_a_path_comes_after_its_owner_and_all_that_it_lies_in() -> None:
    assert list(File(path="/a/b/c", owner="dev", group="team").autorequires) == [
        "user:dev",
        "group:team",
        "directory:/a/b",
        "link:/a/b",
        "mount:/a/b",
        "checkout:/a/b",
        "directory:/a",
        "link:/a",
        "mount:/a",
        "checkout:/a",
        "directory:/",
        "link:/",
        "mount:/",
        "checkout:/",
    ]


def test_a_status_is_taken_apart() -> None:
    status = Status("directory", "0750", "dev", "team", 4096, "")
    expected: Fields = {"kind": "directory", "mode": "0750", "owner": "dev", "group": "team"}
    assert attributes(status) == expected
    assert list(attribute_witness("/a", expected)) == [
        Assertion("file", ("/a",), "is_directory", expected=True),
        Assertion("file", ("/a",), "mode", 0o750),
        Assertion("file", ("/a",), "user", "dev"),
        Assertion("file", ("/a",), "group", "team"),
    ]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("file", ""),
        ("link", ""),
        ("directory", "/a is a directory, not a file: move it away first"),
        ("other", "/a is a special file, not a file: move it away first"),
    ],
)
def test_only_what_can_be_replaced_without_loss_is_replaced(kind: str, told: str) -> None:
    difference = Difference({"kind": kind}, {"kind": "file"}, ("kind",))
    assert in_the_way("/a", difference, "link") == told


def test_what_is_missing_or_to_go_is_in_nobodys_way() -> None:
    assert in_the_way("/a", Difference(None, {"kind": "file"}, ("exists",))) == ""
    assert in_the_way("/a", Difference({"kind": "link"}, None, ("exists",))) == ""


# --- Who owns it ---------------------------------------------------------------------------

OWNED = File(path="/a", owner="dev", group="team")
KNOWN: dict[Question[Any], Any] = {KnownUser("dev"): "", KnownGroup("team"): ""}
NO_USER = "there is no user dev to own /a: correct the name, or add the user"
NO_GROUP = "there is no group team to own /a: correct the name, or add the group"


@pytest.mark.parametrize(
    ("answers", "changed", "refusals"),
    [
        (KNOWN, set(), ()),
        ({**KNOWN, KnownUser("dev"): None}, set(), (NO_USER,)),
        ({KnownUser("dev"): None, KnownGroup("team"): None}, {"file:/b"}, (NO_USER, NO_GROUP)),
        ({**KNOWN, KnownUser("dev"): None}, {"user:dev"}, ()),
        ({**KNOWN, KnownUser("dev"): None}, {"package:dev"}, ()),
        ({**KNOWN, KnownGroup("team"): None}, {"group:team"}, ()),
        ({**KNOWN, KnownGroup("team"): None}, {"user:team"}, ()),
        ({**KNOWN, KnownGroup("team"): None}, {"user:dev"}, (NO_GROUP,)),
    ],
)
def test_an_owner_that_nobody_has_is_refused_unless_the_plan_brings_it(
    answers: dict[Question[Any], Any], changed: set[str], refusals: tuple[str, ...]
) -> None:
    work = [(OWNED, compare(None, OWNED.desired()))]
    assert File.forecast(work, Facts(answers), changed).refusals == refusals


def test_what_goes_needs_no_owner_and_root_is_always_there() -> None:
    gone = [(OWNED, Difference({}, None, ("exists",)))]
    assert File.forecast(gone, Facts({KnownUser("dev"): None}), set()).refusals == ()
    assert list(File(path="/a").owners()) == []


# --- What a mount will hide -------------------------------------------------------------------

LATER = Unknown("mount:/data comes first")
DATA = Directory(path="/data", owner="dev", group="dev")


@pytest.mark.parametrize("resource", [DATA, File(path="/data/a/b", content="x")])
def test_what_a_mount_is_to_hide_tells_nothing_of_what_will_be_there(
    resource: Directory | File,
) -> None:
    wanted = resource.desired()
    assert wanted is not None
    same = compare(wanted, wanted)
    assert resource.predict(same, {"mount:/other"}) == same
    foreseen = resource.predict(same, {"mount:/data"})
    assert foreseen == Difference(dict.fromkeys(wanted, LATER), wanted, tuple(wanted))
    assert resource.refusal(foreseen) == ""


def test_what_is_missing_below_a_mount_to_come_is_made() -> None:
    missing = compare(None, DATA.desired())
    assert DATA.predict(missing, {"mount:/data"}) == missing


def test_what_must_not_be_may_be_in_a_mount_to_come() -> None:
    gone = File(path="/data/x", present=False)
    foreseen = gone.predict(compare(None, None), {"mount:/data"})
    assert foreseen == Difference({"exists": LATER}, None, ("exists",))
