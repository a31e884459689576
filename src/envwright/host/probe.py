"""The probe: asks a machine the questions of all resources in one batch."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from envwright.facts import Facts
from envwright.facts.question import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.facts import Question
    from envwright.host.session import Session

BATCH = 1000
"""Questions of a kind in one script: their paths and names must fit into the arguments of one
process (2 MiB: execve(2), ARG_MAX)."""


def ask(session: Session, questions: Iterable[Question[Any]]) -> Facts:
    """Return the machine's answers to all questions; costs one round trip.

    An answer that cannot be read leaves the questions of its script Unknown; the others stand.
    """
    sections = _sections(dict.fromkeys(questions))
    if not sections:
        return Facts({})
    scripts = [kind.script(group) for kind, group in sections]
    outputs = session.run_batch(scripts, sum(kind.waits for kind, _ in sections))
    answers: dict[Question[Any], Any] = {}
    for (kind, group), output in zip(sections, outputs, strict=False):
        with contextlib.suppress(*UNREADABLE):
            answers.update(kind.parse(group, output))
    return Facts(answers)


def _sections(
    questions: Iterable[Question[Any]],
) -> list[tuple[type[Question[Any]], list[Question[Any]]]]:
    """Group the questions by kind; kinds that wait for other processes come last."""
    kinds: dict[type[Question[Any]], list[Question[Any]]] = {}
    for question in questions:
        kinds.setdefault(question.together(), []).append(question)
    return [
        (kind, group[start : start + BATCH])
        for kind, group in sorted(kinds.items(), key=lambda item: item[0].waits)
        for start in range(0, len(group), BATCH)
    ]
