"""What lies at a path: its status, and the text of a file."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.question import Question, Unknown, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TEXT_LIMIT = 1 << 20
"""Files above this many bytes are not fetched to be compared: their text is Unknown."""


@dataclass(frozen=True)
class Status:
    """What lstat(2) says: `kind` is file, directory, link or other; times in seconds."""

    kind: str
    mode: str
    owner: str
    group: str
    size: int
    changed: float
    target: str

    KINDS: ClassVar = {"f": "file", "d": "directory", "l": "link"}


@dataclass(frozen=True)
class Stat(Question["Status | None"]):
    """The status of a path, not following a link; None where nothing is."""

    path: str

    @classmethod
    def script(cls, questions: Sequence[Stat]) -> str:
        fields = r"%y\t%m\t%u\t%g\t%s\t%C@\0%l\0%p\0"
        # find(1) asks lstat for all paths in one process; its complaints follow behind a mark.
        return (
            "{ err=$(find "
            + " ".join(shlex.quote(q.path) for q in questions)
            + f" -maxdepth 0 -printf '{fields}' 2>&1 >&3); }} 3>&1; printf '\\0%s' \"$err\""
        )

    @classmethod
    def parse(
        cls, questions: Sequence[Stat], output: bytes
    ) -> Mapping[Stat, Status | Unknown | None]:
        records, _, words = decode(output).rpartition("\0")
        parts = records.split("\0")
        answers: dict[str, Status | Unknown | None] = dict(_complaints(words))
        for fields, target, path in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            kind, mode, owner, group, size, changed = fields.split("\t")
            kind, mode = Status.KINDS.get(kind, "other"), mode.zfill(4)
            status = Status(kind, mode, owner, group, int(size), float(changed), target)
            answers[path] = status
        return {q: answers[q.path] for q in questions if q.path in answers}


def _complaints(words: str) -> Iterator[tuple[str, Unknown | None]]:
    """Tell paths that are not there from those that cannot be looked at.

    find says `find: 'PATH': REASON`, the path with the escapes of C.
    """
    for path, reason in re.findall(r"^find: '(.*)': (.*)$", words, re.MULTILINE):
        plain = re.sub(
            rb"\\([0-7]{3}|.)",
            lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else m[1],
            path.encode("utf-8", "surrogateescape"),
        )
        missing = reason in {"No such file or directory", "Not a directory"}
        yield decode(plain), None if missing else Unknown(reason)


@dataclass(frozen=True)
class Text(Question["str | None"]):
    """The content of a regular file (utf-8 with surrogateescape); None where there is none."""

    path: str

    @classmethod
    def script(cls, questions: Sequence[Text]) -> str:
        # One tar for all: exact framing, any byte, no process a file.
        paths = " ".join(shlex.quote(q.path) for q in questions)
        small = f"-type f -size -{TEXT_LIMIT + 1}c -print0"
        tar = "tar --create --format=gnu --blocking-factor=1 --no-recursion --absolute-names"
        return f"find {paths} -maxdepth 0 {small} | {tar} --file=- --null --files-from=-"

    @classmethod
    def parse(cls, questions: Sequence[Text], output: bytes) -> Mapping[Text, str | None]:
        texts = _unpack(output) if output.strip(b"\0") else {}
        return {q: texts.get(q.path, texts.get(q.path.lstrip("/"))) for q in questions}


def _unpack(tar: bytes) -> dict[str, str]:
    """Return the texts in an archive by their paths; ValueError where it is none."""
    import tarfile  # noqa: PLC0415 - 5 ms

    texts = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
            # A file named twice (hard links) comes as a reference to its first name.
            for member in archive:
                if content := archive.extractfile(member):
                    texts[member.name] = decode(content.read())
    except tarfile.TarError as error:
        raise ValueError(str(error)) from error
    return texts
