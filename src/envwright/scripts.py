"""Shell scripts as files that shellcheck reads: `NAME.sh` beside `NAME.py`, which sends it."""

import os


def load(module: str) -> str:
    """Return the script of a module, without the comments at its head.

    Those speak to readers and to shellcheck. importlib.resources would cost more than all else that
    a plan without changes imports.

    Args:
        module: the file of the module, `__file__`.
    """
    path = f"{os.path.splitext(module)[0]}.sh"  # noqa: PTH122 - light
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - light
        lines = file.readlines()
    while lines and lines[0].startswith("#"):
        del lines[0]
    return "".join(lines)
