"""Commands of Windows about links, which Wine's cmd.exe and fsutil.exe do not know.

Wine's mklink answers 0 and makes nothing; its `rmdir /s LINK` empties what the link leads to. So
lines that speak of links are answered here, as Windows answers them; all others are Wine's.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import reparse
from .wslpath import to_linux, to_windows

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = re.compile(r"(?i)\b(mklink|rmdir|rd|del|erase|fsutil)\b|\bdir\s+/al\b")
NO_PRIVILEGE = Path("/etc/standin-no-symlink-privilege")
"""Where this file is, the Windows user may not make symbolic links (no Developer Mode)."""
WINE_LIES = Path("/etc/standin-wine-makes-links")
"""Where this file is, mklink is left to Wine, which says yes and makes nothing."""
PROFILE = Path("/etc/standin-profile")
"""Where this file is, it names the Windows user's folder, in UTF-8."""
SEPARATORS = re.compile(r"\s*(&&?)\s*")
WORDS = re.compile(r'"([^"]*)"|(\S+)')
FOLDERS = {
    "%USERPROFILE%": "",
    "%LOCALAPPDATA%": "\\AppData\\Local",
    "%APPDATA%": "\\AppData\\Roaming",
}
NAMES = {reparse.SYMLINK: "SYMLINK", reparse.JUNCTION: "JUNCTION"}


class NotOurs(Exception):  # noqa: N818 - it is no error: Wine takes the line
    """The line is for Wine."""


class Console:
    """What cmd.exe prints to: its code page, or UTF-16 after /U."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def out(self, text: str) -> int:
        sys.stdout.buffer.write(f"{text}\r\n".encode(self._encoding, "replace"))
        return 0

    def err(self, text: str) -> int:
        sys.stderr.buffer.write(f"{text}\r\n".encode(self._encoding, "replace"))
        return 1


def run(program: str, arguments: list[str]) -> int | None:
    """Answer a call of cmd.exe or fsutil.exe; None: let Wine answer."""
    if program == "fsutil.exe":
        arguments = ["/c", "fsutil", *arguments]
    elif program != "cmd.exe":
        return None
    # Wine's cmd.exe takes /d (no AutoRun) for a command; it has no AutoRun.
    while "/d" in arguments[:2]:
        arguments.remove("/d")
    arguments, switches = list(arguments), []
    while arguments and re.fullmatch(r"/[A-Za-z]", arguments[0]):
        switches.append(arguments.pop(0).lower())
    line = " ".join(f'"{a}"' if " " in a and len(arguments) > 1 else a for a in arguments)
    if "/c" not in switches or not (OURS.search(line) or _of_the_profile(line)):
        return None
    try:
        return _line(line, Console("utf-16le" if "/u" in switches else "cp437"))
    except NotOurs:
        return None


def _line(line: str, console: Console) -> int:
    code, skip = 0, False
    for part in SEPARATORS.split(line):
        if part in {"&", "&&"}:
            skip = part == "&&" and code != 0
        elif not skip:
            words = [quoted or plain for quoted, plain in WORDS.findall(part)]
            name = words[0].lower().removesuffix(".exe") if words else ""
            if name not in VERBS:
                raise NotOurs
            code = VERBS[name](words[1:], console)
    sys.stdout.buffer.flush()
    return code


def _locate(path: str) -> str:
    """The Linux path of a Windows one, its parts found whatever their case."""
    path = path.replace("/", "\\")
    found = to_linux(path) if re.match(r"(?i)c:|\\\\", path) else None
    whole = Path(found or str(Path.cwd() / path.replace("\\", "/")))
    here = Path("/")
    for name in whole.parts[1:]:
        if not os.path.lexists(here / name) and here.is_dir():
            alike = (n for n in os.listdir(here) if n.lower() == name.lower())  # noqa: PTH208
            here = here / next(alike, name)
        else:
            here = here / name
    return str(here)


def _sorted(words: list[str]) -> tuple[set[str], list[str]]:
    """Options and the rest."""
    options = {word.lower() for word in words if re.fullmatch(r"/[A-Za-z]+", word)}
    return options, [word for word in words if word.lower() not in options]


def _cd(words: list[str], console: Console) -> int:
    folder = _locate(_sorted(words)[1][-1])
    if not Path(folder).is_dir():
        return console.err("The system cannot find the path specified.")
    os.chdir(folder)
    return 0


def _echo(words: list[str], console: Console) -> int:
    def meant(found: re.Match[str]) -> str:
        return _profile() + FOLDERS[found[0].upper()]

    names = "(?i)" + "|".join(FOLDERS)
    return console.out(re.sub(names, meant, " ".join(words)))


def _profile() -> str:
    return PROFILE.read_text("utf-8").strip() if PROFILE.exists() else "C:\\Users\\dev"


def _of_the_profile(line: str) -> bool:
    """Whether a line is of a user's folder that Wine does not know as such."""
    return PROFILE.exists() and any(name in line.upper() for name in FOLDERS)


def _mklink(words: list[str], console: Console) -> int:
    options, paths = _sorted(words)
    if WINE_LIES.exists():
        raise NotOurs
    if len(paths) != 2:
        return console.err("The syntax of the command is incorrect.")
    link, target = _locate(paths[0]), paths[1]
    refusal = _refusal(options, link, target)
    if refusal:
        return console.err(refusal)
    if "/h" in options:
        os.link(_locate(target), link)
        return console.out(f"Hardlink created for {paths[0]} <<===>> {target}")
    relative = not re.match(r"[A-Za-z]:|\\\\", target)
    if "/j" in options:
        target = to_windows(_locate(target)) if relative else target
        made, word = reparse.Link(reparse.JUNCTION, target), "Junction"
    else:
        made, word = reparse.Link(reparse.SYMLINK, target, relative), "symbolic link"
    reparse.make(link, made, directory=bool(options & {"/d", "/j"}))
    return console.out(f"{word} created for {paths[0]} <<===>> {target}")


def _refusal(options: set[str], link: str, target: str) -> str:
    if not options & {"/j", "/h"} and NO_PRIVILEGE.exists():
        return "You do not have sufficient privilege to perform this operation."
    if os.path.lexists(link) or reparse.raw(link):
        return "Cannot create a file when that file already exists."
    if not Path(link).parent.is_dir():
        return "The system cannot find the path specified."
    if "/j" in options and target.startswith("\\\\"):
        return "Local volumes are required to complete the operation."
    if "/h" in options and not Path(_locate(target)).is_file():
        return "The system cannot find the file specified."
    return ""


def _remove(words: list[str], _: Console) -> int:
    """Remove links only; what is no link is Wine's to remove."""
    paths = [_locate(path) for path in _sorted(words)[1]]
    if not any(reparse.raw(path) for path in paths):
        raise NotOurs
    for path in paths:
        Path(path).unlink()
    return 0


def _dir(words: list[str], console: Console) -> int:
    options, paths = _sorted(words)
    if "/al" not in options:
        raise NotOurs
    folder = Path(_locate(paths[0]))
    links = {}
    if folder.is_dir():
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - pathlib asks what each is
            if link := reparse.read(f"{folder}/{name}"):
                links[name] = link
    console.out(" Volume in drive C is Windows\r\n Volume Serial Number is 5EED-0001\r\n")
    if not links:
        return console.err("File Not Found")
    console.out(f" Directory of {to_windows(str(folder))}\r\n")
    for name, link in links.items():
        folderish = link.tag == reparse.SYMLINK and reparse.is_directory(f"{folder}/{name}")
        kind = NAMES[link.tag] + ("D" if folderish else "")
        console.out(f"11/21/2026  10:00 AM    {f'<{kind}>':<14} {name} [{link.target}]")
    console.out("               0 File(s)              0 bytes")
    return console.out(f"{len(links):16} Dir(s)   3,000,000,000 bytes free")


def _fsutil(words: list[str], console: Console) -> int:
    if [word.lower() for word in words[:2]] != ["reparsepoint", "query"]:
        raise NotOurs
    data = reparse.raw(_locate(words[2]))
    if not data:
        return console.err("Error 4390: The file or directory is not a reparse point.")
    tag = int.from_bytes(data[:4], "little")
    console.out(f"Reparse Tag Value : 0x{tag:08x}\r\nTag value: Microsoft")
    console.out("Tag value: Name Surrogate")
    console.out(f"Tag value: {'Symbolic Link' if tag == reparse.SYMLINK else 'Mount Point'}\r\n")
    console.out(f"Reparse Data Length: 0x{len(data) - 8:08x}\r\nReparse Data:")
    body = data[8:]
    for start in range(0, len(body), 16):
        row = body[start : start + 16]
        left, right = row[:8].hex(" "), row[8:].hex(" ")
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        console.out(f"{start:04x}:  {left}  {right}  {text}")
    return 0


VERBS: dict[str, Callable[[list[str], Console], int]] = {
    "cd": _cd,
    "echo": _echo,
    "mklink": _mklink,
    "rmdir": _remove,
    "rd": _remove,
    "del": _remove,
    "erase": _remove,
    "dir": _dir,
    "fsutil": _fsutil,
}
