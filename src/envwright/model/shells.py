"""How values are written in the startup files of shells, and the names that shells keep."""

from __future__ import annotations

OF_LOGINS = frozenset({"HOME", "LOGNAME", "PWD", "SHELL", "USER"})
"""The variables that each login sets for its own person."""
_BASH = {"BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"}
_ZSH = {"EGID", "GID", "USERNAME", "argv", "cdpath", "fignore", "fpath", "funcstack", "mailpath"}
_ZSH |= {"manpath", "module_path", "path", "psvar", "termcap", "terminfo"}
_FISH = {"SHLVL", "_", "fish_pid", "history", "hostname", "pipestatus", "status", "umask"}
KEPT = frozenset(_BASH | _ZSH | _FISH | {"version"})
"""The variables that bash, zsh or fish refuses to set, or takes for something else.

`path` is PATH in zsh, and UID, GID and USERNAME change there who the shell runs as (zshparam(1)).
bash leaves the rest of the file unread where it cannot set a variable (bash(1), UID).
"""


def word(text: str) -> str:
    """Return a text as one word for sh, bash and zsh; a bare word can mean more to zsh (`=ls`)."""
    return "'" + text.replace("'", "'\\''") + "'"


def fish_word(text: str) -> str:
    """Return a text as one word for fish, where quotes keep the meaning of two escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
