"""Stand-in for wslpath: a path of Linux in Windows' words, and the other way round."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

DISTRIBUTION = "Debian"
SHARE = re.compile(r"(?i)\\\\(?:wsl\.localhost|wsl\$)\\([^\\]+)(.*)")


def drive() -> str:
    """Where C: is mounted: where Wine's link of that drive leads."""
    return str(Path("/opt/wine/dosdevices/c:").readlink())


def to_linux(path: str) -> str | None:
    r"""`C:\Users` as `/mnt/c/Users`; None for what is not on this machine."""
    path = path.replace("/", "\\")
    if found := re.fullmatch(r"(?:\\\\\?\\)?([A-Za-z]):(\\.*)?", path):
        rest = (found[2] or "\\").replace("\\", "/")
        return drive() + rest if found[1].lower() == "c" else None
    if found := SHARE.fullmatch(path):
        mine = found[1].lower() == DISTRIBUTION.lower()
        return found[2].replace("\\", "/") or "/" if mine else None
    return None if path.startswith("\\\\") else path.replace("\\", "/")


def to_windows(path: str) -> str:
    r"""`/mnt/c/Users` as `C:\Users`, `/etc` as `\\wsl.localhost\Debian\etc`."""
    root = drive()
    if path == root or path.startswith(root + "/"):
        return "C:" + (path[len(root) :].replace("/", "\\") or "\\")
    return rf"\\wsl.localhost\{DISTRIBUTION}" + path.replace("/", "\\")


def main(arguments: list[str]) -> int:
    """Translate the one path: -u to Linux (default), -w or -m to Windows; -a makes it absolute."""
    flags = {letter for word in arguments if word.startswith("-") for letter in word[1:]}
    paths = [word for word in arguments if not word.startswith("-")]
    if len(paths) != 1 or not flags <= set("auwm"):
        sys.stderr.write("wslpath: Invalid argument\n")
        return 1
    answer: str | None
    if flags & {"w", "m"}:
        whole = paths[0].startswith("/") or "a" in flags
        answer = to_windows(os.path.realpath(paths[0])) if whole else paths[0].replace("/", "\\")
        answer = answer.replace("\\", "/") if "m" in flags else answer
    else:
        answer = to_linux(paths[0])
    if answer is None:
        sys.stderr.write(f"wslpath: {paths[0]}: Invalid argument\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0
