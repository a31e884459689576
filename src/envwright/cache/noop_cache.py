"""Notes: what a command line found that found nothing to do, so that it can be asked for at once.

A plan is a function of our code, the command line, the environment's files, and what the machine
says. A note is found by the first two (and by what else a command line depends on), and holds the
others: the files' checksums, the scripts that were asked, the checksum of the answers. Where all
are the same, so is the plan. A note that is stale, damaged, or another user's is as good as none.
"""

from __future__ import annotations

import os
import sys

from envwright.cache import storage
from envwright.host.process import ignores_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VARIABLES = ("ENVWRIGHT_SSH_OPTIONS", "NO_COLOR", "PATH")
"""Variables that say how a machine is reached, or what an answer looks like."""


class Note:
    """What a command line that found nothing to do depends on, and what it said.

    Args:
        host: the machine, as named.
        argv: the program that opens its session.
        first_line: what that program's shell is told first.
        checksums: those of the environment's files, by path.
        scripts: what was asked, the session's opening words last.
        beside: how many of the last scripts run beside the others.
        answers: the checksum of what the machine said.
        said: what was printed.
    """

    __slots__ = (
        "answers",
        "argv",
        "checksums",
        "concurrent",
        "first_line",
        "host",
        "said",
        "scripts",
    )

    def __init__(  # noqa: PLR0913 - what an answer depends on
        self,
        *,
        host: str,
        argv: Sequence[str],
        first_line: str,
        checksums: Mapping[str, str],
        scripts: Sequence[str],
        concurrent: int,
        answers: str,
        said: str,
    ) -> None:
        self.host, self.argv, self.first_line = host, tuple(argv), first_line
        self.checksums, self.scripts, self.concurrent = checksums, tuple(scripts), concurrent
        self.answers, self.said = answers, said

    def encode(self) -> bytes:
        """Return it as bytes: fields by their lengths, lists by their lengths before them."""
        return b"".join(
            b"%d:%s" % (len(field), field)
            for part in (
                [self.host, self.first_line, str(self.concurrent), self.answers, self.said],
                self.argv,
                self.checksums,
                self.checksums.values(),
                self.scripts,
            )
            for field in [b"%d" % len(part), *(_bytes(text) for text in part)]
        )

    @staticmethod
    def decode(data: bytes) -> Note:
        """Return what was encoded; ValueError where that is not what it is."""
        fields = _fields(data)
        try:
            lists = [[next(fields) for _ in range(int(next(fields)))] for _ in range(5)]
        except StopIteration as error:
            raise ValueError("it is cut off") from error
        (host, first_line, concurrent, answers, said), argv, paths, sums, scripts = lists
        return Note(
            host=host,
            argv=argv,
            first_line=first_line,
            checksums=dict(zip(paths, sums, strict=True)),
            scripts=scripts,
            concurrent=int(concurrent),
            answers=answers,
            said=said,
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _fields(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        colon = data.index(b":", at)
        start, at = colon + 1, colon + 1 + int(data[at:colon])
        if not start <= at <= len(data):
            raise ValueError("a length is wrong")
        yield data[start:at].decode("utf-8", "surrogateescape")


def checksum(answers: Sequence[bytes]) -> str:
    """Return one checksum of many answers."""
    lengths = b"".join(b"%d " % len(answer) for answer in answers)
    return storage.checksum(b"\n".join((lengths, *answers)))


def place(words: Sequence[str]) -> str:
    """Return the path of the note of a command line."""
    streams = [stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)]
    encoding = getattr(sys.stdout, "encoding", "")
    variables = [os.environ.get(name) for name in VARIABLES]
    # which changes how a session is opened
    ignoring = ignores_signals()
    return storage.place("note", list(words), streams, encoding, variables, ignoring)


def _repeatable(words: Sequence[str]) -> bool:
    """Tell whether what a command line says can be said again; what it timed cannot."""
    return words[:1] in (["plan"], ["apply"]) and not {"--json", "--timings"} <= {*words}


def find(words: Sequence[str]) -> Note | None:
    """Return the note of a command line whose environment is still the same."""
    if not _repeatable(words):
        return None
    try:
        path = place(words)
        payload = storage.read(path)
        note = Note.decode(payload) if payload is not None else None
    except (OSError, ValueError):
        return None
    if note is None or not storage.checksums_hold(note.checksums):
        return None
    storage.touch(path)
    return note


def keep(words: Sequence[str], note: Note) -> None:
    """Keep the note of a command line; where that cannot be, the next run takes longer."""
    if not _repeatable(words):
        return
    import contextlib  # noqa: PLC0415 - 1 ms that finding a note spares

    with contextlib.suppress(OSError):
        storage.write(place(words), note.encode())
