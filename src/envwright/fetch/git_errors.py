"""Errors of git: finds out from its output what went wrong, and how to mend that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

_EVIDENCE = 3


_SIGNS = {
    "couldn't find remote ref": "the repository has no such ref",
    "Host key verification failed": "the server's host key is not a known one",
    "Permission denied": "the server does not let this machine in",
    "dubious ownership": "the folder belongs to another user",
    "does not appear to be a git repository": "there is no repository",
    "not found": "there is no repository",
    "terminal prompts disabled": "the server wants a user name and a password",
    "Could not resolve": "the name of the server is not known",
    "Connection refused": "nothing answers there",
    "Failed to connect": "nothing answers there",
    "timed out": "the server does not answer",
    "certificate": "the server's certificate is not trusted here",
    "fsck error": "the repository holds a damaged object",
}
"""What it means that git writes something."""


def unfetched(what: str, err: str, hints: Mapping[str, str]) -> StepError:
    """Return the error of a fetch that failed.

    Args:
        what: names the repository and the ref.
        err: what git wrote.
        hints: what a person can do about it, by the words of git.
    """
    for words, meaning in _SIGNS.items():
        if words in err:
            return StepError(f"{what}: {meaning}\n{last_lines(err)}", hint=hints[words])
    return StepError(f"{what}: git cannot fetch this\n{last_lines(err)}", hint=hints[""])


def failed(word: str, code: int, err: str, hint: str) -> StepError:
    """Return the error of another call of git that failed."""
    return StepError(f"git {word} failed with code {code}\n{last_lines(err)}", hint=hint)


def last_lines(text: str) -> str:
    """Return the last lines that are not blank, indented."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_EVIDENCE:])
