"""Adopts a drift: writes into an environment what a machine has, where the environment says it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from envwright.capture.edited import compiled_beside, dumped, read, styled
from envwright.capture.secrecy import seems_secret
from envwright.errors import EnvwrightError, SpecErrors
from envwright.host.probe import ask
from envwright.model.resource import compare
from envwright.model.secrets import is_mentioned
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.messages import quoted, suggestion
from envwright.spec.writing import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.facts import Facts, Machine
    from envwright.host.session import Session
    from envwright.model.resource import Difference, Field, Resource
    from envwright.spec.compiler import Compiled


class Adopted(NamedTuple):
    """A value that was taken over: the line of the value, its key, and the value of the machine."""

    line: int
    key: str
    value: Any


def adopt(session: Session, machine: Machine, path: Path, id_: str) -> tuple[str, list[Adopted]]:
    """Return an environment that wants of one resource what the machine has, and what was changed.

    A value of the environment is a place of the state if the resource is no longer different once
    the value is the machine's: this is tried, so that no capability has to tell.

    Raises:
        SpecErrors: the environment has mistakes.
        EnvwrightError: there is no such resource, or its state cannot be taken over.
    """
    resource = _find(compile_environment(load(path, machine), machine), id_)
    if resource is None:
        known = [each.id for each in compile_environment(load(path, machine), machine).resources]
        raise EnvwrightError(
            f"{path} has no resource {quoted(id_)}{suggestion(id_, known)}",
            hint="`envwright plan` names the resources that differ",
        )
    facts = ask(session, resource.questions())
    difference = compare(resource.actual(facts), resource.desired())
    _require(path, resource, difference)
    data = read(path.read_text("utf-8"))
    adopted = [
        _adopt(_Place(path, machine, facts, data), resource, field, difference)
        for field in difference.fields
    ]
    return dumped(data), adopted


def _find(compiled: Compiled, id_: str) -> Resource | None:
    return next((each for each in compiled.resources if each.id == id_), None)


def _require(path: Path, resource: Resource, difference: Difference) -> None:
    """Object to a difference that no value of an environment stands for."""
    if not difference:
        raise EnvwrightError(f"{resource.id} is as {path} wants it: there is nothing to adopt")
    if not difference.before or not difference.after:
        raise EnvwrightError(
            f"{resource.id} is there in the environment alone, or on the machine alone",
            hint=f"add or remove it by hand: {path}:{resource.origins[0].line}",
        )
    wanted = map(str, difference.after.values())
    found = {str(field): difference.before.get(field) for field in difference.fields}
    if any(map(is_mentioned, wanted)) or seems_secret(found):
        raise EnvwrightError(
            f"{resource.id} holds a secret, which is not written into an environment",
            hint="change the secret where its value comes from",
        )


class _Place(NamedTuple):
    """Where a value is looked for, and what tells that it was found."""

    path: Path
    machine: Machine
    facts: Facts
    data: CommentedMap

    def wants(self, id_: str, field: Field) -> bool:
        """Tell whether the edited environment wants the field as the machine has it."""
        with contextlib.suppress(SpecErrors):
            made = _find(compiled_beside(self.path, dumped(self.data), self.machine), id_)
            if made is not None:
                return field not in compare(made.actual(self.facts), made.desired()).fields
        return False


def _adopt(place: _Place, resource: Resource, field: Field, difference: Difference) -> Adopted:
    """Put the machine's value into the data.

    Raises:
        EnvwrightError: no value of the file stands for it.
    """
    before, after = (state or {} for state in (difference.before, difference.after))
    value = before.get(field)
    section = resource.origins[0].capability
    if isinstance(value, (str, int, float)) and not unwritable(value):
        for table, key in _scalars(place.data.get(section), after.get(field)):
            old, line = table[key], _line(table, key)
            table[key] = styled(value)
            if place.wants(resource.id, field):
                return Adopted(line, str(key), value)
            table[key] = old
    raise EnvwrightError(
        f"{place.path}: no value of the file says {resource.label(field) or field} of "
        f"{resource.id}: a default, a template or another file does, or several values",
        hint=f"change it by hand: {resource.origins[0].file}:{resource.origins[0].line}",
    )


def _scalars(node: Any, wanted: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where a scalar stands in the data of a section: the table, and its key there."""
    pairs: Any = ()
    if isinstance(node, CommentedMap):
        pairs = node.items()
    elif isinstance(node, CommentedSeq):
        pairs = enumerate(node)
    for key, value in tuple(pairs):
        if isinstance(value, (CommentedMap, CommentedSeq)):
            yield from _scalars(value, wanted)
        elif value is not None and str(value) == str(wanted):
            yield node, key


def _line(table: Any, key: Any) -> int:
    position = table.lc.value(key) if isinstance(table, CommentedMap) else table.lc.item(key)
    return int(position[0]) + 1
