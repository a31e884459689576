"""The idea of `extra`: keys of a program's file that a section does not type, said to be meant.

An unknown key is a mistake, since the program would ignore the key. A key that only a newer version
of the program knows can be written under `extra`, by the name that it has in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from envwright.model.values import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IniName = Annotated[
    str,
    spelled(r"^[A-Za-z][A-Za-z0-9]*$", "a name of letters and digits, a letter first"),
]
"""The name of a section or key that WSL reads (microsoft/WSL: src/shared/configfile)."""
IniValue = bool | int | Annotated[str, spelled(r"^[ -~]+$", "plain ASCII text on one line")]
IniSections = dict[IniName, dict[IniName, IniValue]]
"""Keys by section, of a file that WSL reads."""


def flat(sections: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return keys by `section.key`."""
    return {
        f"{name}.{key}": value for name, table in sections.items() for key, value in table.items()
    }


def refuse_typed(
    extra: Iterable[str], typed: Iterable[str], alike: Callable[[str], str] = str
) -> None:
    """Refuse a key under `extra` that the section types.

    Args:
        extra: the keys under `extra`.
        typed: the keys that the section types.
        alike: returns the same for names that the program takes for the same key.

    Raises:
        ValueError: the first such key, and how to write it.
    """
    names = {alike(name): name for name in typed}
    for name in sorted(extra):
        if alike(name) in names:
            known = names[alike(name)]
            raise ValueError(f"'extra' has {name!r}: write it beside 'extra', as {known}")
