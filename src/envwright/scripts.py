"""Scripts as files that their checkers read: `NAME.sh` beside `NAME.py`, which sends it."""

import os


def load(module: str, name: str = "", kind: str = "sh") -> str:
    """Return the script of a module, without the comments at its head.

    Those speak to readers and to shellcheck. importlib.resources would cost more than all else that
    a plan without changes imports.

    Args:
        module: the file of the module, `__file__`.
        name: of a script beside the module's own, without `.sh`.
        kind: the end of its name: `sh`, or `ps1` for one of PowerShell.
    """
    folder, own = os.path.split(os.path.splitext(module)[0])  # noqa: PTH122 - light
    path = f"{folder}/{name or own}.{kind}"
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - light
        lines = file.readlines()
    while lines and lines[0].startswith("#"):
        del lines[0]
    return "".join(lines)
