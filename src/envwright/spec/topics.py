"""The topics of `explain` beside the capabilities, and what each tells of one environment."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from envwright.spec import provenance
from envwright.spec.choice import WHEN
from envwright.spec.conditions import ConditionError, holds, names_in
from envwright.spec.paths import written
from envwright.spec.policy import SECRETS, VARS
from envwright.spec.scope import uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envwright.model.secrets import Secret
    from envwright.spec.environment import Environment
    from envwright.spec.paths import Path
    from envwright.spec.source import Position
    from envwright.spec.tree import Node

TOPICS = {
    "vars": (
        "Variables: names for values that templates, `{{ NAME }}`, and conditions use. A value is "
        "text, a number, true, false, or a list of these, and may use the variables before it. A "
        "higher layer sets a variable anew, an inventory wins over the layers, and `--var "
        "NAME=VALUE` over all. `envwright explain vars FILE` lists those of an environment, each "
        "with its value, its origin and where it is used."
    ),
    "secrets": (
        "Secrets: names for values that no file and no message holds. Each has one source: `env`, "
        "a variable of the process that runs envwright; `file`; or `command`, whose output it is. "
        "`{{ secret.NAME }}` puts a secret into a text. `envwright explain secrets FILE` lists "
        "those of an environment, each with its source and where it is used."
    ),
    "extends": (
        "The files that lie below an environment, one or a list, relative to its own file. Its own "
        "values win; lists add where their keys say so. `envwright explain extends FILE` shows the "
        "layers of an environment as a tree."
    ),
    "when": (
        "Conditions: expressions of names, texts, numbers, lists, comparisons, `in`, `and`, `or`, "
        "`not`. The names are the variables and the facts of the machine. What has a condition "
        "that is false is as if it were not written. `envwright explain when FILE` lists the "
        "conditions of an environment, and the kinds of machine for which each holds."
    ),
}
"""What `explain` tells of each topic."""


_EMPTY = {VARS: "variables", SECRETS: "secrets", WHEN: "conditions"}


def told(
    topic: str, environments: Mapping[str, Environment], given: Iterable[str] = ()
) -> Iterator[str]:
    """Yield what a topic tells of an environment.

    Args:
        topic: one of TOPICS.
        environments: the environment as it is for each machine, by the machine's name.
        given: the variables to which the command line or an inventory gives values.
    """
    environment = next(iter(environments.values()))
    if topic == WHEN:
        found = [*_conditions(environments)]
    elif topic == "extends":
        found = [*_tree(environment)]
    elif topic == SECRETS:
        found = [*_secrets(environment)]
    else:
        found = [*_variables(environment, {*given})]
    yield from found or [f"{environment.file} has no {_EMPTY[topic]}"]


# --- vars and secrets ----------------------------------------------------------------------------


def _variables(environment: Environment, given: set[str]) -> Iterator[str]:
    used = _used(environment.written)
    for value in provenance.variables(environment):
        yield from provenance.lines(environment, [value])
        if value.path[1] in given:
            yield "    but --var or an inventory gives the value, and hides the layers'"
        yield from _users(used, (VARS, str(value.path[1])))


def _secrets(environment: Environment) -> Iterator[str]:
    used = _used(environment.written)
    for secret in environment.secrets.declared:
        yield f"secrets.{secret.name} is {_source(secret)}"
        yield f"    {secret.place}"
        yield from _users(used, (SECRETS, secret.name))


def _source(secret: Secret) -> str:
    declared = secret.declaration
    if declared.env is not None:
        return f"the environment variable {declared.env}"
    if declared.file is not None:
        return f"the file {declared.file}"
    return f"the output of: {shlex.join(declared.command or ())}"


def _users(used: Mapping[tuple[str, str], list[str]], name: tuple[str, str]) -> Iterator[str]:
    yield from (f"    used by {user}" for user in dict.fromkeys(used.get(name, ())))
    if name not in used:
        yield "    no value and no condition uses it"


def _used(roots: Sequence[Node]) -> dict[tuple[str, str], list[str]]:
    """Return who uses each variable and secret: `docker.daemon.mtu (team.yaml:4)`."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, text, at in _texts(roots):
        names = {(VARS, name) for name in names_in(text)} if path[-1:] == (WHEN,) else uses(text)
        for name in names:
            found.setdefault(name, []).append(f"{written(path)} ({at.source.file}:{at.line})")
    return found


def _texts(roots: Sequence[Node]) -> Iterator[tuple[Path, str, Position]]:
    """Yield all texts and keys of layers, each with its path."""
    for root in roots:
        yield from _texts_in(root, ())


def _texts_in(node: Node, path: Path) -> Iterator[tuple[Path, str, Position]]:
    if isinstance(node.value, Mapping):
        for key, entry in node.value.items():
            if uses(key):
                yield (*path, key), key, entry.at
            yield from _texts_in(entry.node, (*path, key))
    elif isinstance(node.value, tuple):
        for index, item in enumerate(node.value):
            yield from _texts_in(item, (*path, index))
    elif isinstance(node.value, str):
        yield path, node.value, node.at


# --- extends and when ----------------------------------------------------------------------------


def _tree(environment: Environment) -> Iterator[str]:
    """Yield the files of the layers, each below the file that extends it."""
    depths: dict[str, int] = {}
    for link in environment.links:
        asked = link.asked
        depth = depths.get(asked.source.file, 0) + 1 if asked else 0
        depths.setdefault(link.file, depth)
        by = f"  ({asked.source.file}:{asked.line})" if asked else ""
        yield f"{'  ' * depth}{link.file}{by}{': ' if link.note else ''}{link.note}"
    lowest, *others = (root.at.source.file for root in environment.written)
    if others:
        yield f"from the lowest to the highest: {', '.join((lowest, *others))}"


def _conditions(environments: Mapping[str, Environment]) -> Iterator[str]:
    """Yield each condition, with the machines for which it is true and false."""
    found = {
        (at.source.file, at.line, at.column): (path, text)
        for environment in environments.values()
        for path, text, at in _texts(environment.written)
        if path[-1:] == (WHEN,)
    }
    for (file, line, _), (path, text) in sorted(found.items()):
        yield f"{json.dumps(text, ensure_ascii=False)} of {written(path[:-1]) or 'the whole file'}"
        yield f"    {file}:{line}"
        verdicts: dict[str, list[str]] = {}
        for name, environment in environments.items():
            verdicts.setdefault(_verdict(text, environment), []).append(name)
        for verdict, names in sorted(verdicts.items(), reverse=True):
            yield f"    {verdict} for {', '.join(names)}"


def _verdict(text: str, environment: Environment) -> str:
    try:
        return "true" if holds(text, environment.names) else "false"
    except ConditionError:
        return "no condition"
