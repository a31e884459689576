"""The probe: all questions of all resources as one script, answered in one round trip."""

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
"""Questions a section: their words must fit into the arguments of one process (2 MiB)."""


def ask(session: Session, questions: Iterable[Question[Any]]) -> Facts:
    """Ask a machine everything at once.

    A section of the answer that cannot be read leaves its questions Unknown; the others stand.
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
    """Put the questions of a kind together, in batches; the kinds that wait come last."""
    kinds: dict[type[Question[Any]], list[Question[Any]]] = {}
    for question in questions:
        kinds.setdefault(question.together(), []).append(question)
    return [
        (kind, group[start : start + BATCH])
        for kind, group in sorted(kinds.items(), key=lambda item: item[0].waits)
        for start in range(0, len(group), BATCH)
    ]
