"""Stand-in for wslinfo: what WSL says of itself."""

from __future__ import annotations

import sys

ANSWERS = {
    "--networking-mode": "nat",
    "--version": "2.5.9.0",
    "--wsl-version": "2.5.9.0",
    "--vm-id": "00000000-0000-0000-0000-000000000000",
}


def main(arguments: list[str]) -> int:
    """Print one answer, with `-n` without a line end."""
    asked = [argument for argument in arguments if argument != "-n"]
    if len(asked) != 1 or asked[0] not in ANSWERS:
        sys.stderr.write("Invalid command line arguments\n")
        return 1
    sys.stdout.write(ANSWERS[asked[0]] + ("" if "-n" in arguments else "\n"))
    return 0
