"""EditedFile: the keys of a file, whoever's file it is: joined, read and witnessed in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.errors import ConflictError
from envwright.model.resource import FileKey, Origin
from envwright.portable import dialects, readers
from envwright.resources.keys import Keys
from envwright.resources.windows.keys import WindowsKeys

if TYPE_CHECKING:
    from envwright.resources.edited_file import EditedFile

HERE, THERE = (Origin(name, "box.yaml", line) for line, name in enumerate(("docker", "go"), 1))


def file_of(kind: type[EditedFile], origin: Origin, **keys: Any) -> EditedFile:
    if kind is Keys:
        return Keys(path="/etc/x", dialect="json", keys=keys, origins=(origin,))
    return WindowsKeys(file="x", dialect="json", keys=keys, origins=(origin,))


@pytest.mark.parametrize("kind", [Keys, WindowsKeys])
def test_two_wishes_for_a_file_are_one_with_the_keys_of_both(kind: type[EditedFile]) -> None:
    joined = file_of(kind, HERE, a=1, b=2).merge(file_of(kind, THERE, b=2, c=3))
    assert joined.spec() == file_of(kind, HERE, a=1, b=2, c=3).spec()


@pytest.mark.parametrize(("kind", "name"), [(Keys, "/etc/x"), (WindowsKeys, "x")])
def test_two_wishes_for_one_key_are_told_with_the_lines_of_both(
    kind: type[EditedFile], name: str
) -> None:
    with pytest.raises(ConflictError) as refused:
        file_of(kind, HERE, a=1).merge(file_of(kind, THERE, a=2))
    assert refused.value.message == (
        f"{name}: docker (box.yaml:1) wants a = 1, go (box.yaml:2) wants 2"
    )


def test_a_file_of_two_dialects_is_refused() -> None:
    other = WindowsKeys(file="x", dialect="wslconfig", keys={}, origins=(THERE,))
    with pytest.raises(ConflictError) as refused:
        file_of(WindowsKeys, HERE, a=1).merge(other)
    assert refused.value.message == (
        "windows-keys:x is wanted twice, differently: by docker (box.yaml:1) and by go (box.yaml:2)"
    )


def test_a_key_that_is_called_as_an_attribute_is_another_field() -> None:
    keys = Keys(path="/etc/x", dialect="json", keys={"mode": "fast"})
    assert keys.desired() == {
        "kind": "file",
        "mode": "0644",
        "owner": "root",
        "group": "root",
        FileKey("mode"): "fast",
    }


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}\.[a-z][a-z0-9]{0,5}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z0-9/]{0,8}", fullmatch=True)


@given(
    st.sampled_from(["wsl", "wslconfig", "json"]),
    st.dictionaries(NAMES, st.booleans() | st.integers(0, 9999) | WORDS, max_size=4),
)
def test_the_witness_sees_what_the_dialect_wrote(dialect: str, keys: dict[str, Any]) -> None:
    text = dialects.get(dialect).edit("", keys)
    file = WindowsKeys(file="x", dialect=dialect, keys=keys)
    assert file.actual_keys(text) == file.desired()
    for assertion in file.key_witness("run", "cat x", "stdout"):
        assert assertion.view is not None
        read = getattr(readers, assertion.view.reader)
        assert read(text, *assertion.view.arguments) == assertion.expected


def test_what_a_file_cannot_hold_of_a_secret_is_told_without_the_secret() -> None:
    login = Keys(path="/x", dialect="netrc", keys={"h": "login me password ⟦secret:P⟧"})
    shadow = Keys(path="/y", dialect="shadow", keys={"dev": "⟦secret:P⟧"})
    hashed = f"$6$salt${'a' * 60}"
    told = [
        login.unwritable({"mode": "0600", FileKey("h"): "login me password hunter22"}),
        shadow.unwritable({FileKey("dev"): hashed}),
        shadow.unwritable({FileKey("dev"): "hunter22"}),
    ]
    assert told == ["", "", "the password of dev is no hash in the form of crypt(5)"]
    assert login.unwritable({FileKey("h"): "login me password two words"})
