r"""Facts of Windows, asked from inside WSL: links at a path, files in a folder of the user."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from envwright.facts import Question, Unknown, decode
from envwright.facts.interop import REACH
from envwright.portable.safepath import program
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINE = 6000
"""Characters of one command line; cmd.exe takes 8191."""


@dataclass(frozen=True)
class Entry:
    r"""An entry of Windows at a path.

    Args:
        kind: `directory link`, `file link`, `junction`, `directory` or `file`.
        target: the target of a link, as Windows shows it: `\\wsl.localhost\Debian\opt`; else "".
    """

    kind: str
    target: str = ""


@dataclass(frozen=True)
class ProfileFile:
    """A file in a folder of the Windows user.

    Args:
        path: its Linux path.
        owner: the folder's owner in Linux; "" where the drive keeps no owners (no `metadata`).
        group: the folder's group in Linux.
        kind: `file`, `directory`, `link`; "" where nothing exists.
        text: the content of the file; None where there is no file.
        changed: when the file was last written, in seconds since 1970; None for no file.
    """

    path: str
    owner: str
    group: str
    kind: str
    text: str | None
    changed: float | None = None


@dataclass(frozen=True)
class Windows(Question["Entry | ProfileFile | None"]):
    r"""The question for a link at a path, or for a file of the user; one cmd.exe answers all.

    Args:
        path: the path of a possible link: `C:\codes\docker`; "" with `file`.
        file: a file relative to the folder, with slashes: `.wslconfig`; "" with `path`.
        folder: the Windows variable that holds the folder; by default the user's profile.
    """

    path: str = ""
    file: str = ""
    folder: str = "USERPROFILE"

    waits: ClassVar[bool] = True
    KINDS: ClassVar = {"SYMLINKD": "directory link", "SYMLINK": "file link"}

    @classmethod
    def script(cls, questions: Sequence[Windows]) -> str:
        lines = "".join(f"ew_cmd_utf16 {line}\n" for line in _listings(questions))
        asks = "".join(
            f'ew_file "${q.folder}" {shlex.quote(q.file)}\n'
            if q.file
            else f"ew_path {shlex.quote(q.path)}\n"
            for q in questions
        )
        folders = "".join(
            f"{name}=$(ew_folder {number})\n" for number, name in enumerate(_folders(questions), 1)
        )
        return (
            f"{REACH}{_ASK}ew_change={shlex.quote(program('change'))}\n"
            f'if ew_reach && ew_said=$({lines}) && ew_answers "$ew_said"; then\n'
            "printf '\\0%s\\0' \"$ew_said\"\n"
            f"{folders}{asks}else printf '%s\\0' \"$ew_why\"; fi"
        )

    @classmethod
    def parse(
        cls, questions: Sequence[Windows], output: bytes
    ) -> Mapping[Windows, Entry | ProfileFile | Unknown | None]:
        why, *fields = decode(output).split("\0")
        if why:
            return dict.fromkeys(questions, Unknown(why))
        links = _links(fields[0], _parents(questions))
        answers = (field.split("\t") for field in fields[1:])
        return {
            q: _file(answer) if q.file else _entry(q, links, answer[0])
            for q, answer in zip(questions, answers, strict=False)
        }


# What Linux sees of a path tells apart what is no link.
_ASK = load(__file__)


def _parents(questions: Sequence[Windows]) -> list[str]:
    return list(dict.fromkeys(parent(q.path) for q in questions if q.path))


def parent(path: str) -> str:
    r"""Return the directory above a Windows path: `C:\` of `C:\codes`."""
    above = path.rpartition("\\")[0]
    return above + "\\" if above.endswith(":") else above


def _folders(questions: Sequence[Windows]) -> list[str]:
    """Return the variables of the folders; one, so that a cmd.exe that works says something."""
    return list(dict.fromkeys(["USERPROFILE", *(q.folder for q in questions if q.file)]))


def _listings(questions: Sequence[Windows]) -> Iterator[str]:
    """Yield the arguments of cmd.exe that name the folders, then the links in each directory."""
    line = " '&' ".join(f"echo %{name}%" for name in _folders(questions))
    for number, directory in enumerate(_parents(questions)):
        more = f" '&' echo '?{number}' '&' dir /AL {shlex.quote(directory)}"
        if len(line) + len(more) > LINE:
            yield line
            line = f"echo '?{number}' '&' dir /AL {shlex.quote(directory)}"
        else:
            line += more
    yield line


def _links(said: str, parents: Sequence[str]) -> Mapping[str, Entry]:
    """Read `dir /AL` of each directory: the links by their whole path in small letters.

    Its words are those of the user's language; what is in <> and [] is not. A name ends before
    the first [, which no link that is asked for has in it; a target may have more of them.
    """
    links, directory = {}, ""
    for line in said.splitlines():
        if found := re.fullmatch(r"\?(\d+)", line):
            directory = parents[int(found[1])]
        elif found := re.search(r"<([^<>]+)>\s+(.+?) \[(.*)\]$", line):
            path = f"{directory.rstrip(chr(92))}\\{found[2]}".lower()
            links[path] = Entry(Windows.KINDS.get(found[1], "junction"), found[3])
    return links


def _entry(question: Windows, links: Mapping[str, Entry], seen: str) -> Entry | None:
    if link := links.get(question.path.lower()):
        return link
    # A link that Windows does not list is none of its own.
    kind = _kind(seen).replace("link", "file")
    return Entry(kind) if kind else None


def _file(answer: Sequence[str]) -> ProfileFile | Unknown:
    path, owners, seen, content = answer
    owner, group = owners.split(" ")
    if not path:
        return Unknown("Windows does not say where the user's folders are")
    if not content:
        return ProfileFile(path, owner, group, _kind(seen), None)
    changed, _, encoded = content[1:].partition("\n")
    text = decode(base64.b64decode(encoded))
    return ProfileFile(path, owner, group, _kind(seen), text, float(changed))


def _kind(seen: str) -> str:
    """Shorten what stat says of a path."""
    return {"": "", "directory": "directory", "symbolic link": "link"}.get(seen, "file")
