"""Answers to the questions that packages ask while they are installed (debconf(7))."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

from envwright.model.proof import Assertion
from envwright.model.values import spelled
from envwright.resources.command import Command

from .names import PackageName

if TYPE_CHECKING:
    from collections.abc import Iterator

Question = Annotated[
    str,
    spelled(r"^[A-Za-z0-9.+_-]+(/[A-Za-z0-9.+_-]+)+$", "a question's name, as in `tzdata/Areas`"),
]
Answer = bool | Annotated[str, spelled(r"^\S([^\n\r\x00]*\S)?$", "text on one line, or a boolean")]
Answers = dict[PackageName, dict[Question, Answer]]

_OBSERVE = """\
awk -v question={question} '
    $0 == "Name: " question {{ on = 1 }}
    /^$/ {{ on = 0 }}
    on && sub(/^Value: /, "")' /var/cache/debconf/config.dat
"""
"""Prints the answer in debconf's database, which has a stanza for each question."""
_RUN = """\
printf '%s\\n' {given} | debconf-set-selections
# What is installed has asked already, and asks again.
if dpkg-query -W -f '${{db:Status-Abbrev}}' {package} 2>/dev/null | grep -q '^.i'; then
    DEBIAN_FRONTEND=noninteractive dpkg-reconfigure {package}
fi
"""


def answers(wanted: Answers) -> Iterator[tuple[str, Command]]:
    """Yield each answer as the command that gives it, with the package that asks."""
    for package, questions in wanted.items():
        for question, answer in questions.items():
            text = str(answer).lower() if isinstance(answer, bool) else answer
            kind = "boolean" if isinstance(answer, bool) else "string"
            given = shlex.quote(f"{package} {question} {kind} {text}")
            yield (
                package,
                Command(
                    title=f"debconf {question} of {package}",
                    observe=_OBSERVE.format(question=shlex.quote(question)),
                    expected=text,
                    run=_RUN.format(given=given, package=package),
                    seen=(
                        Assertion(
                            "run",
                            (f"debconf-show {package}",),
                            "stdout",
                            f" {question}: {text}\n",
                            contained=True,
                        ),
                    ),
                    at=("debconf", package, question),
                ),
            )
