"""What capabilities find on a machine that gives answers that are told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.facts import Facts, Shell
from envwright.model.capture import Captured
from envwright.model.catalogue import discover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.facts import Machine, Question


def captured(section: str, machine: Machine, answers: Mapping[Question[Any], Any]) -> Captured:
    """Return what a capability finds; questions without an answer stay Unknown."""
    capturing = discover()[section].capture(machine)
    try:
        next(capturing)
        while True:
            capturing.send(Facts(answers))
    except StopIteration as done:
        found = done.value
    assert isinstance(found, Captured)
    return found


def shells(section: str, machine: Machine, word: str) -> Shell:
    """Return the script of a capability's first questions that holds a word."""
    asked = next(discover()[section].capture(machine))
    return next(each for each in asked if isinstance(each, Shell) and word in each.text)
