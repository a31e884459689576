"""Files of the Windows user: where each is, what is in its way, how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envwright.errors import RefusedError
from envwright.facts import Unknown
from envwright.facts.windows import ProfileFile
from envwright.model.operations import Content, operation
from envwright.model.resource import compare
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.user_file import attributes

if TYPE_CHECKING:
    from envwright.model.resource import Fields

NAME = r"%USERPROFILE%\x"
PATH = "/mnt/c/Users/dev/x"
FILE = WindowsFile(file="x", content="new")


def state(kind: str, owner: str = "", group: str = "") -> Fields:
    return {**attributes(ProfileFile(PATH, owner, group, kind, None)), "content": ""}


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (state(""), ""),
        (state("file"), ""),
        (
            state("directory"),
            f"{NAME} of the Windows user is a directory, not a file: move it away first",
        ),
        (
            state("link"),
            f"{NAME} of the Windows user is a link, not a file: move it away first",
        ),
        (Unknown("interop is off"), f"{NAME} of the Windows user: interop is off"),
    ],
)
def test_what_is_in_the_way_is_told(before: Any, said: str) -> None:
    assert FILE.refusal(compare(before, FILE.desired())) == said


@pytest.mark.parametrize(
    ("owner", "attributes"),
    [("", {}), ("dev", {"user": "dev", "group": "users", "mode": "0644"})],
)
def test_it_is_written_where_windows_has_it_with_an_owner_where_owners_are_kept(
    owner: str, attributes: dict[str, str]
) -> None:
    difference = compare(state("", owner, "users" if owner else ""), FILE.desired())
    wanted = operation("paths.put", src=Content("new"), dest=PATH, **attributes)
    assert list(FILE.converge(difference)) == [wanted]


def test_without_the_machine_it_cannot_be_written() -> None:
    with pytest.raises(RefusedError) as refused:
        list(FILE.converge(compare(None, FILE.desired())))
    assert (refused.value.message, refused.value.hint) == (
        f"windows-file:{NAME}: only the machine knows where the files of the Windows user are",
        "apply it with envwright; an export cannot have it",
    )
