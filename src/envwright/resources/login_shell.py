"""What a proof asks a person's own login shell: bash, zsh, fish or another one.

A startup file of a person may print a banner, wait for a line, or start a process that holds the
output open. So the answer stands between two marks, there is no input and a deadline, and what the
login shell started is killed with it.
"""

from __future__ import annotations

from envwright.scripts import load

FUNCTIONS = load(__file__)
"""The functions of shell that a proof's script begins with; the first lines say what each does."""


def command(text: str) -> str:
    """Return a command for `ew_ask`, which stands between single quotes in any shell's language.

    Raises:
        ValueError: some shell would read it otherwise.
    """
    if {*text} & {"'", "\\", "!", "\n"}:
        raise ValueError(f"not the same in every shell: {text}")
    return text
