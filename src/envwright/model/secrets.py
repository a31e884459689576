"""Secrets: named in an environment, fetched where envwright runs, shown nowhere."""

from __future__ import annotations

import _thread
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from envwright.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envwright.model.masking import Mask

# Imports stand where they are used: a plan of an environment without secrets needs none of them.

COMMAND_TIMEOUT = 60
"""Seconds that a command may take to print a secret."""
_FETCHING = _thread.allocate_lock()
"""Machines that are planned for at the same time share secrets: each is fetched once."""

_MARKER = re.compile("⟦secret:([A-Za-z0-9_]+)⟧")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Tell whether `{{ secret.TEXT }}` can name a secret."""
    return _NAME.fullmatch(text) is not None


def marker(name: str) -> str:
    """Return what stands for a secret's value in everything that is shown or stored."""
    return f"⟦secret:{name}⟧"


def is_mentioned(text: str) -> bool:
    """Tell whether a text holds a marker."""
    return _MARKER.search(text) is not None


def is_broken(text: str) -> bool:
    """Tell whether a marker in a text was cut or changed, so that nothing would be put in."""
    return "⟦" in _MARKER.sub("", text) or "⟧" in _MARKER.sub("", text)


class Declared(Protocol):
    """Where a secret comes from; what is not given is None (see language.declaration)."""

    @property
    def env(self) -> str | None:
        """An environment variable."""

    @property
    def file(self) -> str | None:
        """A file."""

    @property
    def command(self) -> tuple[str, ...] | None:
        """A command and its arguments."""


@dataclass(frozen=True)
class Secret:
    """A declared secret.

    Args:
        place: `file:line` of its declaration, for messages.
        directory: what a relative `file` starts from, and where a command runs.
    """

    name: str
    declaration: Declared
    place: str
    directory: Path

    def fetch(self) -> str:
        """Return the value.

        Raises:
            SecretError: it cannot be had, or is empty.
        """
        if self.declaration.env is not None:
            value = self._from_variable(self.declaration.env)
        elif self.declaration.file is not None:
            value = self._from_file(self.declaration.file)
        else:
            value = self._from_command(self.declaration.command or ())
        if not value:
            raise self._error("its value is empty")
        from envwright.model.masking import SHORTEST  # noqa: PLC0415 - see above

        if len(value) < SHORTEST:
            raise self._error(
                f"its value has fewer than {SHORTEST} characters",
                hint="so short a value cannot be hidden where it is shown: choose a longer one",
            )
        return value

    def _from_variable(self, variable: str) -> str:
        if variable not in os.environ:
            raise self._error(
                f"the environment variable {variable} is not set",
                hint=f"`export {variable}=...` in the shell that runs envwright",
            )
        value = os.environ[variable]
        if not value.isprintable() and any("\ud800" <= char <= "\udfff" for char in value):
            raise self._error(f"the environment variable {variable} is not UTF-8")
        return value

    def _from_file(self, file: str) -> str:
        try:
            path = self.directory / Path(file).expanduser()
            return _line(path.read_bytes().decode())
        except UnicodeDecodeError:
            raise self._error(f"{file} is not UTF-8") from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            hint = "the path is relative to the environment's file"
            raise self._error(f"{file} cannot be read: {reason}", hint=hint) from None

    def _from_command(self, command: tuple[str, ...]) -> str:
        import shlex  # noqa: PLC0415 - see above
        import subprocess  # noqa: PLC0415 - see above

        shown = shlex.join(command)
        try:
            code, output, complaints = _run(command, self.directory)
        except subprocess.TimeoutExpired:
            raise self._error(f"`{shown}` took more than {COMMAND_TIMEOUT} s") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise self._error(f"`{shown}` cannot be run: {reason}") from None
        if code:
            last = complaints.decode(errors="replace").strip().rpartition("\n")[2]
            said = f": {last}" if last else ""
            raise self._error(f"`{shown}` failed with exit code {code}{said}")
        try:
            return _line(output.decode())
        except UnicodeDecodeError:
            raise self._error(f"`{shown}` printed what is not UTF-8") from None

    def _error(self, cause: str, hint: str = "") -> SecretError:
        return SecretError(f"{self.place}: no secret '{self.name}': {cause}", hint=hint)


def _run(command: Sequence[str], directory: Path) -> tuple[int, bytes, bytes]:
    """Run a command as subprocess.run does, but never wait for what it left in the background."""
    import subprocess  # noqa: PLC0415 - see above

    with subprocess.Popen(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            output, complaints = process.communicate(timeout=COMMAND_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, output, complaints


class Secrets:
    """The secrets of an environment; values are fetched when the first text needs them."""

    def __init__(self, declared: Mapping[str, Secret]) -> None:
        self._declared = declared
        self._values: dict[str, str] = {}
        self._mask: Mask | None = None

    def __reduce__(self) -> tuple[type[Secrets], tuple[Mapping[str, Secret]]]:
        # What is stored anywhere has no value in it.
        return Secrets, (self._declared,)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._declared)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The declared names, in the order of the environment."""
        return tuple(self._declared)

    @property
    def declared(self) -> tuple[Secret, ...]:
        """The secrets, in the order of the environment."""
        return tuple(self._declared.values())

    def references(self, text: str) -> tuple[str, ...]:
        """Return the names of the secrets that a text refers to, each once, in its order."""
        return tuple(dict.fromkeys(n for n in _MARKER.findall(text) if n in self._declared))

    def reveal(self, text: str) -> str:
        """Put the values into a text.

        Raises:
            SecretError: a secret that it refers to cannot be had.
        """
        return _MARKER.sub(lambda found: self._value(found[1]) or found[0], text)

    def fetch_all(self) -> None:
        """Fetch every value that can be had, so that `mask` knows it.

        What is shown of a machine may hold any of them, also those that no change needs. The lack
        of one is told where it is needed.
        """
        for name in self._declared:
            try:
                self._value(name)
            except SecretError:
                continue

    def _value(self, name: str) -> str:
        if name not in self._declared:
            return ""
        with _FETCHING:
            if name not in self._values:
                value = self._declared[name].fetch()
                self._remember(value, marker(name))
                self._values[name] = value
        return self._values[name]

    def values(self) -> tuple[str, ...]:
        """Return the values that are fetched, for the machine alone: nothing may show or keep them.

        The machine looks for them in files of which it keeps copies.
        """
        return tuple(self._values.values())

    def mask(self, text: str) -> str:
        """Replace every revealed value, and each of its lines, by its marker: see `masking`."""
        return self._mask(text) if self._mask else text

    def _remember(self, value: str, stands: str) -> None:
        from envwright.model.masking import Mask  # noqa: PLC0415 - see above

        # Made anew: another thread may be masking with the one that is there.
        mask = self._mask.copy() if self._mask else Mask(_MARKER.pattern)
        mask.add(value, stands)
        self._mask = mask


def _line(text: str) -> str:
    """Cut the newline that ends a single line; a text of several lines, such as a key, is whole.

    `echo TOKEN >file` adds one that is no part of the token, but ssh refuses a private key whose
    last line has no end.
    """
    line = text.removesuffix("\n").removesuffix("\r")
    return line if text.endswith("\n") and "\n" not in line else text
