r"""The shell library by which a script inside WSL runs programs of Windows.

Facts of microsoft/WSL (src/linux/init): /init is the program that the kernel calls for every .exe,
`/init PATH ARGV0 ARGUMENT...`, so it works without the kernel's binfmt entry, too. /init talks to
Windows by the socket that WSL_INTEROP names or, without that variable, by the sockets of its
parents up to PID 1: so from services, under sudo and over ssh. cmd.exe wants a drive of Windows as
its working directory, ends lines by \r\n, and writes UTF-16 after /u.
"""

from __future__ import annotations

import shlex

from envwright.scripts import load

REACH = load(__file__)
"""Functions of sh. `ew_reach` goes to the drive of Windows, or fails and says why in `ew_why`, as
`ew_answers TEXT` does when Windows said nothing. Then `ew_run PROGRAM.exe ...` runs a program of
System32 and `ew_cmd COMMAND ...` a command, of which `ew_cmd_utf16` gives what it says in any
language: paths are read by that only."""

POWERSHELL = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File"
"""How a person runs a script, by its path behind this: scripts that are not signed, too."""


def on_windows(script: str, /, unreached: str = "1", **words: str) -> str:
    """Return a script that reaches Windows or ends with `unreached`, with variables set before."""
    assignments = "".join(f"{name}={shlex.quote(word)}\n" for name, word in words.items())
    # Messages of /init on stderr are no answer of Windows.
    answers = 'ew_reach && ew_answers "$(ew_cmd_utf16 echo .)"'
    reach = f'{answers} || {{ echo "$ew_why"; exit {unreached}; }}'
    return f"{assignments}{REACH}{reach}\n{script}"
