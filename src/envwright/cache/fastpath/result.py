"""A cached no-op result: what a run depended on that found nothing to do, and what it printed.

A plan is a function of our code, the command line, the environment's files, and the machine's
answers. The name of a result stands for the first two (and for the few variables that a command
line depends on). The result holds the rest: the files' checksums, the scripts that were asked, the
checksum of the answers. Where all are the same, so is what is printed. A result that is stale,
damaged, or another user's counts as none.
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
"""Variables that decide how a machine is reached, or what is printed."""


class NoopResult:
    """What a command line that found nothing to do depended on, and what it printed.

    Args:
        host: the machine, as named.
        argv: the program that opens its session.
        first_line: the first line for the shell that this program leads to.
        checksums: those of the environment's files, by path.
        scripts: the read-only scripts that were asked; the last asks for the machine's facts.
        concurrent: how many of the last scripts run at the same time as the others.
        answers: the checksum of the machine's answers.
        printed: what was printed.
    """

    __slots__ = (
        "answers",
        "argv",
        "checksums",
        "concurrent",
        "first_line",
        "host",
        "printed",
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
        printed: str,
    ) -> None:
        self.host, self.argv, self.first_line = host, tuple(argv), first_line
        self.checksums, self.scripts, self.concurrent = checksums, tuple(scripts), concurrent
        self.answers, self.printed = answers, printed

    def encode(self) -> bytes:
        """Return the result as bytes: each list behind its length, each text behind its length."""
        return b"".join(
            b"%d:%s" % (len(field), field)
            for part in (
                [self.host, self.first_line, str(self.concurrent), self.answers, self.printed],
                self.argv,
                self.checksums,
                self.checksums.values(),
                self.scripts,
            )
            for field in [b"%d" % len(part), *(_bytes(text) for text in part)]
        )

    @staticmethod
    def decode(data: bytes) -> NoopResult:
        """Return the result that was encoded; ValueError where the bytes are no result."""
        fields = _fields(data)
        try:
            lists = [[next(fields) for _ in range(int(next(fields)))] for _ in range(5)]
        except StopIteration as error:
            raise ValueError("the result is cut off") from error
        (host, first_line, concurrent, answers, printed), argv, paths, sums, scripts = lists
        return NoopResult(
            host=host,
            argv=argv,
            first_line=first_line,
            checksums=dict(zip(paths, sums, strict=True)),
            scripts=scripts,
            concurrent=int(concurrent),
            answers=answers,
            printed=printed,
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


def entry(words: Sequence[str]) -> str:
    """Return the name of the entry of the cache for a command line."""
    streams = [stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)]
    encoding = getattr(sys.stdout, "encoding", "")
    variables = [os.environ.get(name) for name in VARIABLES]
    # Ignored signals change how a session is opened.
    ignoring = ignores_signals()
    return storage.name("no-op result", list(words), streams, encoding, variables, ignoring)


def _is_repeatable(words: Sequence[str]) -> bool:
    """Tell whether what a command line prints is the same each time; what it timed is not."""
    return words[:1] in (["plan"], ["apply"]) and not {"--json", "--timings"} <= {*words}


def find(words: Sequence[str]) -> NoopResult | None:
    """Return the cached result of a command line whose environment is still the same."""
    if not _is_repeatable(words):
        return None
    try:
        name = entry(words)
        payload = storage.read(name)
        found = NoopResult.decode(payload) if payload is not None else None
    except (OSError, ValueError):
        return None
    if found is None or not storage.checksums_hold(found.checksums):
        return None
    storage.touch(name)
    return found


def keep(words: Sequence[str], result: NoopResult) -> None:
    """Cache the result of a command line; where that cannot be done, the next run takes longer."""
    if not _is_repeatable(words):
        return
    import contextlib  # noqa: PLC0415 - 1 ms that finding a result spares

    with contextlib.suppress(OSError):
        storage.write(entry(words), result.encode())
