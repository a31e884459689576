"""How values are written in the startup files of shells, and the names that shells keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OF_LOGINS = frozenset({"HOME", "LOGNAME", "PWD", "SHELL", "USER"})
"""The variables that each login sets for its own person."""
_BASH = (
    "BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_CMDS BASH_COMMAND BASH_LINENO "
    "BASH_SOURCE BASH_VERSINFO DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID GROUPS HISTCMD LINENO "
    "PPID RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _"
)
_ZSH = (
    "ARGC EGID GID TTYIDLE USERNAME WATCH ZSH_EVAL_CONTEXT ZSH_SUBSHELL aliases argv builtins "
    "cdpath commands dirstack dis_aliases dis_builtins dis_functions dis_functions_source "
    "dis_galiases dis_patchars dis_reswords dis_saliases fignore fpath funcfiletrace "
    "funcsourcetrace funcstack functions functions_source functrace galiases history "
    "historywords jobdirs jobstates jobtexts keymaps mailpath manpath module_path modules "
    "nameddirs options parameters patchars path pipestatus psvar reswords saliases signals "
    "status termcap terminfo userdirs usergroups watch widgets zsh_eval_context "
    "zsh_scheduled_events"
)
_FISH = (
    "FISH_VERSION fish_kill_signal fish_killring fish_pid hostname status_generation umask version"
)
KEPT = frozenset(f"{_BASH} {_ZSH} {_FISH}".split())
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


def at_home(path: str, word: Callable[[str], str]) -> str:
    """Return a path as one word, in which the home stands for a `~` at the beginning.

    Args:
        path: absolute, or beginning with `~`.
        word: how the shell quotes; see `word` and `fish_word`.
    """
    return f'"$HOME"{word(path[1:])}' if path.startswith("~") else word(path)
