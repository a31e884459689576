"""The names that templates may use, and the rendered values of a tree."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from envwright.errors import SpecError, SpecErrors
from envwright.model import secrets
from envwright.spec import document
from envwright.spec.messages import quoted, suggestion, value_in_words
from envwright.spec.source import Source
from envwright.spec.tree import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.facts import Machine
    from envwright.spec.rendering import Budget
    from envwright.spec.source import Position
    from envwright.spec.tree import Node

_FACTS = (
    "distro",
    "release",
    "codename",
    "architecture",
    "kernel",
    "wsl",
    "wsl_version",
    "distribution",
    "gpu",
    "memory",
    "cpus",
    "container",
    "desktop",
)
_WORDS = ("true", "false", "none", "not", "and", "or", "if", "else", "in", "is", "for")
_RESERVED = {
    **dict.fromkeys((*_FACTS, "user", "home", "home_of"), "a fact of the machine"),
    "secret": "the group of the secrets",
    **dict.fromkeys(_WORDS, "a word of the template language"),
}
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
"""The names that a variable or a secret may have (a regular expression for the whole name)."""


def facts(machine: Machine) -> dict[str, Any]:
    """Return the facts of a machine that templates and conditions may name."""
    return {name: getattr(machine, name) for name in _FACTS}


class Scope:
    """Names with their values, and the faults that were found while rendering.

    Args:
        machine: the machine whose facts are names.
        secret_names: the names behind `secret.`; their values are markers, never the secrets.
    """

    def __init__(self, machine: Machine, secret_names: Iterable[str]) -> None:
        self._machine = machine
        self._names: dict[str, Any] = {**facts(machine), "home_of": machine.home}
        self._secrets = {name: secrets.marker(name) for name in secret_names}
        self.faults: list[SpecError] = []
        self.failed: set[Position] = set()
        self._spent: Budget | None = None

    @property
    def names(self) -> dict[str, Any]:
        """The facts and variables with their values: the names of conditions."""
        return {name: value for name, value in self._names.items() if not callable(value)}

    def set_developer(self, user: str) -> None:
        """Set the names `user` and `home`; an environment without a developer has root's."""
        self._names |= {"user": user, "home": self._machine.home(user)}

    def fault(self, error: SpecError) -> None:
        """Keep a fault."""
        self.faults.append(error)

    @property
    def _budget(self) -> Budget:
        """The time and the characters that the templates of this environment have left."""
        from envwright.spec import rendering  # noqa: PLC0415 - as in _render

        if self._spent is None:
            self._spent = rendering.Budget()
        return self._spent

    # --- Values ------------------------------------------------------------------------------

    def value(self, node: Node) -> Any:
        """Return the plain value of a tree, its templates rendered; faulty ones give ""."""
        if isinstance(node.value, Mapping):
            return {key: self.value(entry.node) for key, entry in node.value.items()}
        if isinstance(node.value, tuple):
            return [self.value(item) for item in node.value]
        if isinstance(node.value, str) and is_template(node.value):
            return self._render(node.value, node.at)
        return node.value

    def keyed(self, node: Node) -> Node:
        """Return a tree with the templates in its keys rendered; keys with faults are left out."""
        if isinstance(node.value, tuple):
            return replace(node, value=tuple(self.keyed(item) for item in node.value))
        if not isinstance(node.value, Mapping):
            return node
        entries: dict[str, Entry] = {}
        for key, entry in node.value.items():
            name = self._key(key, entry.at)
            if name is None:
                continue
            if name in entries:
                first = entries[name].at
                self.fault(
                    entry.at.error(
                        f"the key {quoted(name)} is here twice, once its template is rendered; "
                        f"the first is {first.source.file}:{first.line}",
                        hint="keep one of them",
                    )
                )
            entries[name] = Entry(entry.at, self.keyed(entry.node))
        return replace(node, value=MappingProxyType(entries))

    def _key(self, key: str, at: Position) -> str | None:
        """Return a key with its template rendered; None where it cannot be a key."""
        if not is_template(key):
            return key
        name = self._render(key, at)
        if at in self.failed:
            return None
        if not isinstance(name, str) or not name:
            message = f"the template of this key gives {value_in_words(name)}"
            self._failed(at, message, "a key is text that is not empty")
            return None
        return name

    def _render(self, template: str, at: Position) -> Any:
        # The import of jinja2 takes longer than everything else, and most environments have no
        # templates.
        from envwright.spec import rendering  # noqa: PLC0415

        names = self._names | {"secret": rendering.Names("secret", self._secrets)}
        try:
            value = rendering.render(template, names, self._budget)
        except rendering.TemplateError as error:
            return self._failed(at, error.message, error.hint)
        if isinstance(value, str) and secrets.is_broken(value) and "⟦" not in template:
            hint = "write {{ secret.NAME }} without filters"
            return self._failed(at, "a secret cannot be changed by a template", hint)
        return value

    def _failed(self, at: Position, message: str, hint: str) -> str:
        if at not in self.failed:  # a value that is used twice is told once
            self.failed.add(at)
            self.fault(at.error(message, hint))
        return ""

    def text(self, template: str) -> str:
        """Render a whole file.

        Raises:
            ValueError: the file cannot be rendered; the message says why.
        """
        from envwright.spec import rendering  # noqa: PLC0415 - as in _render

        names = self._names | {"secret": rendering.Names("secret", self._secrets)}
        try:
            return rendering.render_text(template, names, self._budget)
        except rendering.TemplateError as error:
            raise ValueError(error.message) from None

    # --- Variables ---------------------------------------------------------------------------

    def declare(self, entry: Entry, given: Mapping[str, Any]) -> None:
        """Add the variables of `vars`; each can use those before it, and `given` values win."""
        declared = entry.node.value
        if not isinstance(declared, Mapping):
            actual = value_in_words(entry.node.plain())
            self.fault(entry.place.error(f"vars must be a mapping, not {actual}"))
            return
        for name, variable in declared.items():
            if not re.fullmatch(VARIABLE, name):
                hint = "a name has letters, digits and '_'"
                self.fault(variable.at.error(f"{quoted(name)} cannot name a variable", hint))
            elif name in _RESERVED:
                message = f"{quoted(name)} cannot name a variable: it is {_RESERVED[name]}"
                self.fault(variable.at.error(message))
            else:
                self._declare(name, variable, given)

    def _declare(self, name: str, variable: Entry, given: Mapping[str, Any]) -> None:
        value = self.value(variable.node)
        if not _is_variable(value):
            actual = value_in_words(value)
            hint = "a variable is text, a number, true, false, or a list of these"
            message = f"the variable {quoted(name)} cannot be {actual}"
            if isinstance(value, list):
                message = f"the variable {quoted(name)} cannot be a list of such items"
            self.fault(variable.place.error(message, hint))
        if name in given:
            try:
                value = _given(name, given[name], value)
            except SpecError as error:
                self.fault(error)
        self._names[name] = value


def uses(text: str) -> set[tuple[str, str]]:
    """Return the paths of the variables and secrets that the templates of a text may use."""
    if not is_template(text):
        return set()
    from envwright.spec import rendering  # noqa: PLC0415 - as in Scope._render

    names = rendering.names_in(text)
    secret = {name.removeprefix("secret.") for name in names if name.startswith("secret.")}
    return {("vars", n) for n in names if "." not in n} | {("secrets", n) for n in secret}


def check_given(given: Mapping[str, Any], declared: Iterable[str], file: str) -> list[SpecError]:
    """Return a fault for each given variable that the file does not declare."""
    known = list(declared)
    hint = f"it declares {', '.join(known)}" if known else "it declares none: see `vars`"
    return [
        SpecError(f"{file} has no variable {quoted(name)}{suggestion(name, known)}", hint=hint)
        for name in given
        if name not in known
    ]


def is_template(value: object) -> bool:
    """Tell whether a value is a text with a template."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _is_variable(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(item, (list, dict)) for item in value)
    return not isinstance(value, dict)


def _given(name: str, value: Any, default: Any) -> Any:
    """Return a variable that was given in the type of its default; text is read as YAML."""
    if isinstance(value, str) and isinstance(default, str):
        return value
    if isinstance(value, str) and value.strip():
        with contextlib.suppress(SpecErrors):
            value = document.parse(Source(f"--var {name}", value)).plain()
    both_numbers = type(value) is int and type(default) is float
    fits = default is None or type(value) is type(default) or both_numbers
    if fits and _is_variable(value):
        return value
    raise SpecError(
        f"the variable {quoted(name)} cannot be {value_in_words(value)}",
        hint=f"its default is {value_in_words(default)}",
    )
