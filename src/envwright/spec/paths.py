"""Paths to values of an environment, as people write them: `docker.daemon.mtu`."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envwright.spec.shape import Shape

Path = tuple["str | int", ...]
Keys = tuple[str, ...]

_PLAIN = re.compile(r"[^.\[\"\s]+")
_STEP = re.compile(r'(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<plain>[^."]+)')


class PathError(EnvwrightError):
    """A text is no path to a key; the caller adds the place in the file."""


def written(path: Sequence[str | int]) -> str:
    """Return a path as people write it: `docker.users[1]`, `files."/etc/wsl.conf".mode`.

    A key that holds a dot, a bracket, a quote or a blank stands in quotes, as in JSON.
    """
    return "".join(map(_written_step, path)).removeprefix(".")


def _written_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.fullmatch(step) else f".{json.dumps(step, ensure_ascii=False)}"


def resolved(text: str, roots: Mapping[str, Shape]) -> Keys:
    """Return the keys of a path.

    The keys of a table of plain values need no quotes: `sysctl.vm.swappiness` has two keys.

    Args:
        text: the path, as `written` gives it.
        roots: the shapes of the sections, by name.

    Raises:
        PathError: no environment can have such a key.
    """
    steps = _steps(text)
    name = steps[0][0]
    if name not in roots:
        raise PathError(
            f"there is no section {quoted(name)}{suggestion(name, roots)}",
            hint="a path is like docker.daemon.mtu; a key with dots stands in quotes: "
            'files."/etc/hosts".mode',
        )
    shape, found = roots[name], [name]
    for key, at in steps[1:]:
        if _is_table_of_values(shape) and text[at] != '"':
            return (*found, text[at:])
        shape = _below(shape, key, written(found))
        found.append(key)
    return tuple(found)


def _steps(text: str) -> list[tuple[str, int]]:
    """Return the keys of a path, each with the index in the text where it begins."""
    steps, at = [], 0
    with contextlib.suppress(ValueError):  # a backslash that JSON does not know
        while found := _STEP.match(text, at):
            steps.append((json.loads(found[0]) if found["quoted"] else found[0], at))
            at = found.end() + 1
            if at > len(text):
                return steps
            if text[at - 1] != ".":
                break
    hint = 'a path is like docker.daemon.mtu, or files."/etc/hosts".mode'
    raise PathError(f"{quoted(text)} is no path to a key", hint=hint)


def _is_table_of_values(shape: Shape) -> bool:
    element = shape.element
    if shape.properties or element is None or "object" not in shape.kinds:
        return False
    return not element.properties and "object" not in element.kinds


def _below(shape: Shape, key: str, path: str) -> Shape:
    properties = shape.properties
    table = "object" in shape.kinds and shape.element is not None
    if key in properties or table or _is_free(shape):
        return shape.step(key)
    if properties:
        raise PathError(
            f"{path} has no key {quoted(key)}{suggestion(key, properties)}",
            hint=f"`envwright explain {path.partition('.')[0]}` lists its keys; "
            "a key with dots stands in quotes",
        )
    hint = "name the list" if "array" in shape.kinds else ""
    raise PathError(f"{path} is {shape.words}, which has no keys", hint=hint)


def _is_free(shape: Shape) -> bool:
    """Tell whether a shape takes any JSON, or any keys."""
    return "" in shape.kinds or any(
        part.schema.get("additionalProperties") is True for part in shape.branches
    )
