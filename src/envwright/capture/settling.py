"""Settles a draft: leaves out what the language refuses, and what apply would change.

So a captured environment changes nothing on its own machine, whatever a capability took for the
truth. The machine is asked what a plan asks it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, SpecErrors
from envwright.facts import Refused
from envwright.host.probe import ask
from envwright.model.resource import compare
from envwright.spec.compiler import compile_environment
from envwright.spec.document import parse
from envwright.spec.environment import load
from envwright.spec.source import Source
from envwright.spec.tree import Entry
from envwright.spec.writing import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.capture.draft import Draft
    from envwright.capture.draft import Path as At
    from envwright.facts import Facts, Machine, Question
    from envwright.host.session import Session
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource
    from envwright.spec.compiler import Compiled

ROUNDS = 20
"""How often a draft is compiled anew: each time, all that is wrong is left out."""


def settle(session: Session, machine: Machine, draft: Draft) -> list[list[Resource]]:
    """Leave out of a draft what cannot be applied, and what apply would change on the machine.

    Items that give way to others come last: where nothing else decides about their place.

    Returns:
        The resources that each item of the draft comes to.

    Raises:
        EnvwrightError: what is wrong with the draft belongs to none of its items.
    """
    later = [found for found in draft.items if found.item.place]
    draft.items = [found for found in draft.items if not found.item.place]
    compiled = _settled(session, machine, draft)
    taken = {str(claim.place) for resource in compiled.resources for claim in resource.claims()}
    kept = [found for found in later if found.item.place not in taken]
    if kept:
        draft.items += kept
        compiled = _settled(session, machine, draft)
    _, _, paths = draft.compose()
    made: list[list[Resource]] = [[] for _ in paths]
    for resource in compiled.resources:
        for number in _concerned(paths, resource):
            made[number].append(resource)
    return made


def _settled(session: Session, machine: Machine, draft: Draft) -> Compiled:
    for _ in range(ROUNDS):
        try:
            compiled = _compiled(draft, machine)
        except SpecErrors as errors:
            draft.drop(_refused(draft, errors))
            continue
        dropped = _changed(draft, compiled, session)
        if not dropped:
            return compiled
        draft.drop(dropped)
    raise EnvwrightError(
        f"{session.name}: what was found does not fit together after {ROUNDS} attempts",
        hint="report this, with the packages and units of the machine",
    )


def _compiled(draft: Draft, machine: Machine) -> Compiled:
    """Compile a draft as a file that nobody else can read.

    Raises:
        SpecErrors: the language refuses parts of it.
    """
    with tempfile.TemporaryDirectory(prefix="envwright-") as folder:
        file = Path(folder) / "captured.yaml"
        file.write_text(draft.text(), "utf-8")
        return compile_environment(load(file, machine), machine)


def _refused(draft: Draft, errors: SpecErrors) -> dict[int, str]:
    """Return the items in whose lines errors are, with what the errors say.

    Raises:
        SpecErrors: an error is in the line of no item.
    """
    node = parse(Source("captured.yaml", draft.text()))
    tree = Entry(node.at, node)
    _, _, paths = draft.compose()
    starts = [(_line(tree, path), n) for n, path in enumerate(paths)]
    sections = [(_line(tree, path[:1]), path[0]) for path in paths]
    dropped: dict[int, str] = {}
    for error in errors.errors:
        section = max((each for each in sections if each[0] <= error.line), default=(0, ""))[1]
        own = [each for each in starts if paths[each[1]][0] == section]
        # An error at the section itself, such as a key that it lacks, is one of all its items.
        above = max((each for each in own if each[0] <= error.line), default=None)
        concerned = [above] if above else own
        if not concerned:
            raise errors
        for _, number in concerned:
            dropped.setdefault(number, error.summary.splitlines()[0])
    return dropped


def _line(tree: Entry, path: At) -> int:
    steps = [literal(step) if isinstance(step, str) else step for step in path]
    return tree.nearest(steps).at.line


def _changed(draft: Draft, compiled: Compiled, session: Session) -> dict[int, str]:
    """Return the items that a plan would change or refuse, with the reason."""
    facts = ask(session, _questions(compiled))
    dropped: dict[int, str] = {}
    _, _, paths = draft.compose()
    for resource in compiled.resources:
        if reason := _drift(resource, facts):
            _blame(dropped, paths, resource, reason)
    for requirement in compiled.requirements:
        if fault := requirement.fault(facts, compiled.resources):
            _blame(dropped, paths, requirement, fault.refusal)
    return dropped


def _questions(compiled: Compiled) -> Iterator[Question[Any]]:
    for resource in compiled.resources:
        yield from resource.questions()
    for requirement in compiled.requirements:
        yield from requirement.questions()


def _drift(resource: Resource, facts: Facts) -> str:
    """Return how a resource differs from the machine; "" where it does not."""
    for question in resource.questions():
        if isinstance(answer := facts[question], Refused):
            return answer.reason
    difference = compare(resource.actual(facts), resource.desired())
    if not difference:
        return ""
    fields = ", ".join(map(resource.label, difference.fields))
    return f"apply would change {resource.id} ({fields})"


def _blame(
    dropped: dict[int, str], paths: Sequence[At], culprit: Resource | Requirement, reason: str
) -> None:
    """Note the items that asked for a resource, or all of the section where none is at its path."""
    section = culprit.origins[0].capability
    own = [n for n, each in enumerate(paths) if each[0] == section]
    for number in _concerned(paths, culprit) or own:
        dropped.setdefault(number, reason)


def _concerned(paths: Sequence[At], culprit: Resource | Requirement) -> list[int]:
    """Return the items at, above or below the path that asked for a resource."""
    path: At = (culprit.origins[0].capability, *culprit.at)
    return [n for n, each in enumerate(paths) if _within(path, each) or _within(each, path)]


def _within(path: At, outer: At) -> bool:
    return path[: len(outer)] == outer
