"""Errors for a person: what is wrong, what to do about it, and the exit code of the run."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(enum.IntEnum):
    """Every exit code of every verb; there are no others."""

    DONE = 0
    """Nothing to do, or everything done."""
    ERROR = 1
    """An error; the message says what is wrong, where, and what to do about it."""
    CHANGES = 2
    """`plan`: the machine differs; `verify`: a check failed; `diff`: the two differ."""
    RESTART = 3
    """`apply`: done; `plan`: nothing to do; but something takes effect after a restart only."""
    INTERRUPTED = 130
    """Interrupted by the user (128 + SIGINT, as in shells)."""


LINE_LIMIT = 500
"""Longer lines of messages, which quote what somebody wrote, lose their middle."""


def shortened(text: str) -> str:
    """Return a text whose lines have no more than about LINE_LIMIT characters."""
    if len(text) <= LINE_LIMIT:
        return text
    half = LINE_LIMIT // 2
    return "\n".join(
        line if len(line) <= LINE_LIMIT else f"{line[:half]} ... {line[-half:]}"
        for line in text.split("\n")
    )


class EnvwrightError(Exception):
    """An error with a message for a person and, where one is known, a hint.

    Args:
        message: what is wrong, in one sentence without a full stop; may hold further lines of
            evidence (the line of YAML, the last lines of a command's output).
        hint: what to do about it, in one sentence without a full stop; "" where nobody can know.

    Attributes:
        details: what `--json` says beside the message and the hint, as JSON values.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = {}

    def json(self) -> dict[str, Any]:
        """Return the error as JSON values."""
        return {"message": self.message, "hint": self.hint, **self.details}

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class HostError(EnvwrightError):
    """A machine cannot be reached, or the session lacks the rights of root."""


class LockedError(EnvwrightError):
    """Another run holds the lock of the same machine."""


class SpecError(EnvwrightError):
    """An environment has a mistake.

    Its lines are shortened. Errors of other kinds keep theirs whole, for secrets are masked in
    them only when they are shown.

    Attributes:
        summary: the message, without a place in front of it and without the line of YAML.
        file, line: the place, as the user named the file; "" and 0 where there is none.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(shortened(message), hint=shortened(hint))
        self.summary = self.message
        self.file, self.line = "", 0

    def at(self, file: str, line: int) -> SpecError:
        """Return this error, with a place that its message names in its own way."""
        self.file, self.line = file, line
        return self


class LocatedError(SpecError):
    """A SpecError at a place in a file, shown as `file:line:column: message` over that line.

    Args:
        message: as in EnvwrightError; kept as `summary`, without the place.
        file: as the user named it.
        line, column: counted from 1, in characters.
        excerpt: the text of that line; "" shows none.
        hint: as in EnvwrightError.

    Attributes:
        private: the file is one of this computer, whose text not everybody may see; a file of a
            layer from elsewhere is not.
    """

    private = True

    def __init__(  # noqa: PLR0913 - a place has three parts
        self, message: str, *, file: str, line: int, column: int, excerpt: str = "", hint: str = ""
    ) -> None:
        shown = _underline(excerpt, column)
        super().__init__(f"{file}:{line}:{column}: {message}{shown}", hint=hint)
        self.summary = shortened(message)
        self.file, self.line, self.column = file, line, column

    def order(self) -> tuple[str, int, int]:
        """Return a key that sorts errors by their places."""
        return self.file, self.line, self.column


EXCERPT_WIDTH = 96
"""Longer lines are shown around the column."""


def _underline(line: str, column: int) -> str:
    """Return the line and a caret under its column, behind four blanks; "" for a blank line."""
    if not line.strip():
        return ""
    start = max(0, column - 1 - EXCERPT_WIDTH // 2) if len(line) > EXCERPT_WIDTH else 0
    # Characters that a terminal would obey must not reach it; tabs stay, so that the caret fits.
    part = "".join(
        char if char.isprintable() or char == "\t" else "\ufffd"
        for char in line[start : start + EXCERPT_WIDTH]
    )
    blanks = "".join("\t" if char == "\t" else " " for char in part[: column - 1 - start])
    return f"\n    {part.rstrip()}\n    {blanks}^"


class SpecErrors(EnvwrightError):  # noqa: N818 - it is many of them
    """All mistakes of an environment, in the order of its lines."""

    def __init__(self, errors: Sequence[SpecError]) -> None:
        super().__init__("\n\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class UnfitError(SpecErrors):
    """An environment can never work on a kind of machine; the errors say which parts, and why."""

    errors: tuple[LocatedError, ...]

    def __init__(self, errors: Sequence[LocatedError]) -> None:
        super().__init__(errors)
        self.errors = tuple(errors)


class NotFetchedError(SpecErrors):
    """An environment is laid over a layer from elsewhere that is not in the cache yet."""


class ConflictError(SpecError):
    """Two parts of an environment want different things of the same resource."""


class SecretError(EnvwrightError):
    """A secret that an environment declares cannot be fetched."""


class StepError(EnvwrightError):
    """A step of an apply failed; the message names the resource and ends in the last output."""


class RefusedError(EnvwrightError):
    """envwright refuses to make a change; the message says why."""


def told(error: Exception) -> EnvwrightError:
    """Return the error that a person is told for an exception."""
    return error if isinstance(error, EnvwrightError) else unforeseen(error)


def unforeseen(error: Exception) -> EnvwrightError:
    """Return the error to show for any other exception: a local file's error, or a bug of ours."""
    if isinstance(error, OSError) and error.filename:
        return EnvwrightError(f"{error.filename}: {error.strerror}")
    summary = f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")
    return EnvwrightError(
        f"internal error: {summary}; please report it",
        hint="set ENVWRIGHT_DEBUG=1 to see where it comes from",
    )
