"""A command that a change before it undoes is planned again."""

from __future__ import annotations

import pytest

from envwright.facts import Unknown
from envwright.model.resource import Difference, compare
from envwright.resources.command import Command

COMMAND = Command(
    title="up",
    observe="state",
    expected="up",
    run="make up",
    seen=(),
    after=("service:a",),
    undone_by=("file:/b",),
    undone_below=("/opt/app",),
)
NOTHING = compare({"value": "up"}, {"value": "up"})


def test_a_command_comes_after_what_undoes_it() -> None:
    assert COMMAND.autorequires == ("service:a", "file:/b")


@pytest.mark.parametrize("changed", ["file:/b", "file:/opt/app/conf/a", "link:/opt/app/b"])
def test_a_change_of_what_undoes_it_is_foreseen(changed: str) -> None:
    assert COMMAND.predict(NOTHING, {changed}) == Difference(
        {"value": Unknown("what comes before it changes")}, {"value": "up"}, ("value",)
    )


@pytest.mark.parametrize("changed", ["service:a", "file:/opt/application", "file:/opt/app2/a"])
def test_a_change_of_what_merely_comes_before_it_is_none_of_its_own(changed: str) -> None:
    assert COMMAND.predict(NOTHING, {changed}) == NOTHING


def test_what_differs_already_is_shown_as_it_is() -> None:
    down = compare({"value": "down"}, {"value": "up"})
    assert COMMAND.predict(down, {"file:/b"}) == down
