"""What files, directories and links share."""

from __future__ import annotations

import pytest

from envwright.facts import Status
from envwright.resource import Assertion, Difference
from envwright.resources.file import File
from envwright.resources.paths import attribute_witness, attributes, in_the_way


def test_a_path_comes_after_its_owner_and_all_that_it_lies_in() -> None:
    assert list(File(path="/a/b/c", owner="dev", group="team").implied) == [
        "user:dev",
        "group:team",
        "directory:/a/b",
        "mount:/a/b",
        "directory:/a",
        "mount:/a",
        "directory:/",
        "mount:/",
    ]


def test_a_status_is_taken_apart() -> None:
    status = Status("directory", "0750", "dev", "team", 4096, 5.0, "")
    expected = {"kind": "directory", "mode": "0750", "owner": "dev", "group": "team"}
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
