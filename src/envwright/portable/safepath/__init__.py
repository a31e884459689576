"""Safe paths: a Perl program by which root works in folders that other users can change.

The program (walk.pl, with ask.pl or change.pl) enters the folder of a path step by step, follows no
link that a user can have put there, and then names only entries of the folder that it holds. Every
Debian and Ubuntu has perl-base, for dpkg needs it. docs/security.md says what this defends.
"""

from __future__ import annotations

import functools
import os
import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_LIMIT = 1 << 20
"""Files above this many bytes are not fetched to be compared or edited."""


_RUN = "eval(pack(q(H*),shift).qq(\\n1))or die$@"
"""Runs a program that comes in hexadecimal digits. Commands are quoted within commands (a check of
a mount within a write, a write within a shell of docker): each level triples the quotes of a text,
and one argument of a process has 128 KiB at most (execve(2), MAX_ARG_STRLEN)."""


@functools.cache
def program(name: str) -> str:
    """Return a program: `ask`, which reads for a plan, or `change`; without its comments."""
    whole = ""
    for part in ("walk", name):
        path = os.path.join(os.path.dirname(__file__), f"{part}.pl")  # noqa: PTH118, PTH120 - light
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - light
            whole += file.read()
    lines = (line.strip().partition("    # ")[0].rstrip() for line in whole.splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    return text.replace("TEXT_LIMIT", str(TEXT_LIMIT))


def questions(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the script that answers questions, each a kind and a path, as `answers` reads it."""
    words = " ".join(f"{kind} {shlex.quote(path)}" for kind, path in pairs)
    return f"perl -e {shlex.quote(program('ask'))} {words}"


def answers(output: bytes) -> Iterable[tuple[list[str], bytes]]:
    """Yield what `questions` printed: for each the words of its line, and its bytes.

    Raises:
        ValueError: it was cut off.
    """
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        *words, length = output[start:end].decode().split(" ")
        start = end + 1 + int(length)
        if start > len(output):
            raise ValueError("an answer was cut off")
        yield words, output[end + 1 : start]


def change(*words: str) -> str:
    """Return the script that runs a command of change.pl, such as `put`, with its arguments.

    Without a word, the script takes those that are written behind it.
    """
    run = ("perl", "-e", _RUN, program("change").encode().hex())
    return " ".join(map(shlex.quote, (*run, *words)))
