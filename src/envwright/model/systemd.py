"""How values are written in the files of systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def plain(text: str) -> str:
    """Return a text in which systemd sees no specifier (systemd.unit(5), "Specifiers")."""
    return text.replace("%", "%%")


def quoted(text: str) -> str:
    """Return a text as one word between quotes (systemd.syntax(7), "Quoting"), as it is meant."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain(escaped)}"'


def unexpanded(text: str) -> str:
    """Return a text for the middle of a word between quotes in environment.d(5), as it is meant.

    systemd first takes the quotes and escapes away, as a shell does, and then expands variables in
    what is left, where `$$` stands for a dollar (merge_env_file() in src/basic/env-file.c).
    """
    escaped = "".join(f"\\{c}" if c in '\\"`' else c for c in text)
    return escaped.replace("$", r"\$\$")


def at_home(path: str) -> str:
    """Return a path as `unexpanded` does, in which the home stands for a `~` at the beginning."""
    escaped = unexpanded(path.removeprefix("~"))
    return "${HOME}" + escaped if path.startswith("~") else escaped


def assignments(variables: Mapping[str, str]) -> str:
    """Return environment variables as `Environment=` takes them (systemd.exec(5))."""
    return " ".join(quoted(f"{name}={value}") for name, value in variables.items())


def command(argv: Iterable[str]) -> str:
    """Return a command as `ExecStart=` takes it, without variables (systemd.service(5))."""
    return " ".join(quoted(word).replace("$", "$$") for word in argv)
