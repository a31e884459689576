"""Files of the Windows user: where each is, what is in its way, how it is written."""

from __future__ import annotations

from typing import Any

import pytest

from envwright.errors import RefusedError
from envwright.facts import Unknown
from envwright.facts.windows import ProfileFile
from envwright.model.operations import Content, operation
from envwright.model.resource import compare
from envwright.resources.windows.user_folder import objection, place, put

PATH = "/mnt/c/Users/dev/x"
WISH = {"kind": "file", "content": "new"}


def state(kind: str, owner: str = "", group: str = "") -> dict[str, Any]:
    return {**place(ProfileFile(PATH, owner, group, kind, None)), "content": ""}


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (state(""), ""),
        (state("file"), ""),
        (
            state("directory"),
            "x of the Windows user is a directory, not a file: move it away first",
        ),
        (state("link"), "x of the Windows user is a link, not a file: move it away first"),
        (Unknown("interop is off"), "x of the Windows user: interop is off"),
    ],
)
def test_what_is_in_the_way_is_told(before: Any, said: str) -> None:
    assert objection("x", compare(before, WISH)) == said


@pytest.mark.parametrize(
    ("owner", "attributes"),
    [("", {}), ("dev", {"user": "dev", "group": "users", "mode": "0644"})],
)
def test_it_is_written_where_windows_has_it_with_an_owner_where_owners_are_kept(
    owner: str, attributes: dict[str, str]
) -> None:
    difference = compare(state("", owner, "users" if owner else ""), WISH)
    wanted = operation("files.put", src=Content("new"), dest=PATH, **attributes)
    assert put("windows-file:x", difference, Content("new")) == wanted


def test_without_the_machine_it_cannot_be_written() -> None:
    with pytest.raises(RefusedError) as refused:
        put("windows-file:x", compare(None, WISH), Content("new"))
    assert (refused.value.message, refused.value.hint) == (
        "windows-file:x: only the machine knows where the Windows user's files are",
        "apply it with envwright; an export cannot have it",
    )
