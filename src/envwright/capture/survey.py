"""The survey: asks a machine what all capabilities want to know of it, in few round trips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.host.probe import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envwright.facts import Facts, Machine, Question
    from envwright.host.session import Session
    from envwright.model.capability import Section
    from envwright.model.capture import Captured, Capturing


def survey(
    session: Session, machine: Machine, capabilities: Mapping[str, type[Section]]
) -> dict[str, Captured]:
    """Return what each capability finds on a machine, by the section of the capability.

    The questions of all capabilities go together: the round trips are as many as those of the
    capability that asks most often.
    """
    found: dict[str, Captured] = {}
    going = {name: section.capture(machine) for name, section in capabilities.items()}
    facts: Facts | None = None
    while going:
        asked: dict[str, tuple[Question[Any], ...]] = {}
        for name, capturing in tuple(going.items()):
            questions = _next(name, capturing, facts, found)
            if questions is None:
                del going[name]
            else:
                asked[name] = tuple(questions)
        if going:
            facts = ask(session, (question for each in asked.values() for question in each))
    return found


def _next(
    name: str, capturing: Capturing, facts: Facts | None, found: dict[str, Captured]
) -> Iterable[Question[Any]] | None:
    """Return the next questions of a capability; None where it is done, and note what it found."""
    try:
        return next(capturing) if facts is None else capturing.send(facts)
    except StopIteration as done:
        found[name] = done.value
        return None
