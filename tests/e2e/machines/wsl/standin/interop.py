"""Stand-in for interop: a Windows program, started as the Windows user, by Wine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from . import commands
from .wslpath import drive, to_windows

USER = 1000
"""The uid of the Windows user, whoever calls."""
NOT_SERVED = "<3>WSL ({}) ERROR: UtilConnectToInteropServer:307: connect failed 2\n"
UNC = (
    "'{}'\r\nCMD.EXE was started with the above path as the current directory.\r\n"
    "UNC paths are not supported.  Defaulting to Windows directory.\r\n"
)
WINE = {
    "HOME": "/home/dev",
    "USER": "dev",
    # By this it knows that names of files are UTF-8.
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/lib/wine:/usr/bin:/bin",
    "WINEPREFIX": "/opt/wine",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=",
    "XDG_RUNTIME_DIR": "/tmp",
}


def main(arguments: list[str]) -> int:
    """Run `PROGRAM ARGV0 ARGUMENT...`, as binfmt_misc with its flag P gives them.

    What Wine says yes to without doing it (links) is done by `commands` instead.
    """
    if len(arguments) < 2:
        return 1
    program, _, *rest = arguments
    socket = os.environ.get("WSL_INTEROP", "/run/WSL/1_interop")
    if not Path(socket).exists():
        sys.stderr.write(NOT_SERVED.format(os.getpid()))
        return 1
    if not _become_windows_user():
        sys.stderr.write("the stand-in runs Windows programs for root and dev only\n")
        return 1
    name = Path(program).name.lower()
    _enter_drive(name)
    with Path(program).open("rb") as file:
        if file.read(2) == b"#!":
            os.execv(program, [program, *rest])
    code = commands.run(name, rest)
    return _wine(program, rest) if code is None else code


def _become_windows_user() -> bool:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
    return os.getuid() == USER


def _enter_drive(name: str) -> None:
    """Windows programs cannot be in a Linux directory; cmd.exe says so."""
    here = to_windows(str(Path.cwd()))
    if here.startswith("\\\\"):
        if name == "cmd.exe":
            sys.stderr.write(UNC.format(here))
        os.chdir(f"{drive()}/Windows")


def _wine(program: str, rest: list[str]) -> NoReturn:
    path = to_windows(program)
    kept = {name: os.environ[name] for name in ("TERM", "WSLENV") if name in os.environ}
    os.execve("/usr/lib/wine/wine64", ["wine64", path, *rest], {**WINE, **kept})
