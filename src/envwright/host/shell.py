"""One shell as a process: the program that it runs, the marks in its outputs, its three pipes.

The shell reads one line at a time and evaluates it. A script comes quoted in such a line, or, where
it is long, as bytes that follow it; it runs in a subshell, and the line after it makes the shell
write a mark, a nonce that no script can know, to stdout and stderr. What stands before the mark is
the script's. When stdin ends, however envwright ended, everything that still runs is hung up as by
a terminal that goes away. The machine has to have coreutils and setsid (util-linux).

While a script runs, an empty line goes to the shell every few seconds, a heartbeat. The shell does
nothing for it. But the write fails, here or in the pipe on the machine, once the other end is dead,
and a watcher on the machine sees by it that envwright is still there (see `state.lock`).
"""

from __future__ import annotations

import os
import select
import time

from envwright.host.limits import (
    HEARTBEAT_SECONDS,
    OPENING,
    QUESTION,
    Clock,
    LimitError,
    Limits,
    LostError,
)
from envwright.host.process import Process
from envwright.scripts import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

# `cat` stands between stdin and the reading loop, for a loop that waits for a script would not see
# the end of stdin. Where the loop is killed, the next heartbeat breaks the pipe to it, `cat` ends,
# and everything is hung up. `_ew_feed` gives a script its stdin and then swallows what the script
# left; were stdin cut off, it waits to be hung up: no script takes a part for the whole.
# File descriptor 9 is the session's lock: only the loop keeps it open, so that the lock ends with
# the loop, and with nothing that a script leaves running.
PROGRAM = load(__file__).replace("\n", " ")
"""What the shell runs; one line of sh."""

_INLINE = 2500
"""Bytes of script up to which `read`, a system call for each byte, is faster than a `dd`."""
_CHUNK = 262_144
"""Bytes to read at once."""
TICK_SECONDS = 1.0
"""How often whoever hears a script's output is told that nothing comes: a clock may show it."""
_CODE_LENGTH = len(" 255")
_LAST_WORDS = 65_536
"""Bytes of stderr that are kept of a shell that ended."""


class Result(tuple[int, bytes, bytes]):
    """What a script answered: its exit code, and its two outputs byte for byte."""

    __slots__ = ()

    def __new__(cls, code: int, stdout: bytes, stderr: bytes) -> Self:
        """Put the three together."""
        return super().__new__(cls, (code, stdout, stderr))

    @property
    def code(self) -> int:
        """Its exit code."""
        return self[0]

    @property
    def stdout(self) -> bytes:
        """What it wrote to stdout."""
        return self[1]

    @property
    def stderr(self) -> bytes:
        """What it wrote to stderr."""
        return self[2]

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.code == 0

    @property
    def text(self) -> str:
        """Its stdout as text; bytes that are not UTF-8 become surrogates, so none is lost."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def reason(self) -> str:
        """The last words of its stderr: what a program puts behind its last colon."""
        return self.stderr.decode("utf-8", "surrogateescape").strip().rpartition(": ")[2]


def nonce() -> bytes:
    """A word that nobody can guess."""
    return os.urandom(8).hex().encode()


def spell_mark(mark: bytes) -> bytes:
    """The line that makes the shell write `mark`."""
    return b"_ew_mark %s\n" % mark


def spell_script(script: str, stdin: bytes = b"", *, resident: bool = False) -> list[bytes]:
    """What makes the shell run `script`, in pieces (so that a large stdin is not copied).

    `resident`: in the shell itself, not in a subshell: what it opens stays open.
    """
    raw = script.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError("a script cannot hold a NUL")
    if len(raw) <= _INLINE:
        quoted = raw.replace(b"'", rb"'\''").replace(b"\n", b"'\"$_ew_nl\"'")
        head = b"_ew_script='%s'\n" % quoted
    else:
        head = b"_ew_script=$(_ew_take %d) || break\n%s" % (len(raw), raw)
    if not stdin:
        return [head + (b"_ew_source\n" if resident else b"_ew_run\n")]
    return [head + b"_ew_feed %d\n" % len(stdin), stdin, b"\n"]


class Output:
    """One output of the shell: what has come, and whether the mark has come with it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.data = bytearray()
        self.expect(b"")

    def expect(self, mark: bytes) -> None:
        """Look for `mark` from now on."""
        self._mark = mark
        self._searched = self._told = 0
        self._at = -1

    def read(self) -> bool:
        """Take what is there, and tell whether something was; LostError at the end."""
        try:
            chunk = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            raise LostError
        self.data += chunk
        return True

    def complete(self) -> bool:
        """Whether the line that begins with the mark has come."""
        if self._at < 0:
            self._at = self.data.find(self._mark, max(0, self._searched - len(self._mark)))
            self._searched = len(self.data)
        return self._at >= 0 and self.data.find(b"\n", self._at) >= 0

    def news(self) -> bytes:
        """What came since the last call, without an end that may be a mark."""
        self.complete()
        end = self._at
        if end < 0:
            tails = range(min(len(self._mark), len(self.data)), 0, -1)
            held = next((n for n in tails if self.data.endswith(self._mark[:n])), 0)
            end = len(self.data) - held
        start, self._told = self._told, end
        return bytes(self.data[start:end])

    def take(self) -> tuple[bytes, bytes]:
        """What stood before the mark, and what its line says after it."""
        line = self.data.find(b"\n", self._at)
        with memoryview(self.data) as view:
            before = bytes(view[: self._at])
            after = bytes(view[self._at + len(self._mark) : line])
        del self.data[: line + 1]
        return before, after


class Shell:
    """A started shell. Every method but `close` raises LostError when the shell is gone.

    Args:
        argv: the program to start; OSError where it cannot be.
        stop: a file descriptor: once it can be read, waiting ends as by Ctrl-C.
    """

    def __init__(self, argv: Sequence[str], stop: int | None = None) -> None:
        self._process = Process(argv)
        self._stdin = self._process.stdin
        self.stdout, self.stderr = Output(self._process.stdout), Output(self._process.stderr)
        self._outbox: list[memoryview] = []
        self._waits_to_write = False
        self._poll = select.poll()
        self._outputs = {output.fd: output for output in (self.stdout, self.stderr)}
        for fd in self._outputs:
            self._poll.register(fd, select.POLLIN)
        self._stop = stop
        if stop is not None:
            self._poll.register(stop, select.POLLIN)
        self._wrote = time.monotonic()
        self.closed = False

    def send(self, *parts: bytes) -> None:
        """Put `parts` in line to be written while we read."""
        self._outbox += map(memoryview, parts)

    def flush(self) -> None:
        """Write as much of it as can be without waiting."""
        self._write()

    def collect(
        self,
        mark: bytes,
        limits: Limits = QUESTION,
        on_output: Callable[[bytes], None] | None = None,
        *,
        heartbeat: bool = False,
    ) -> Result:
        """What the outputs hold up to `mark`; arguments and errors as `pump`."""
        self.stdout.expect(mark)
        self.stderr.expect(mark)
        both = (self.stdout, self.stderr)
        arrived = lambda: both[0].complete() and both[1].complete()  # noqa: E731 - asked at each read
        self.pump(arrived, limits, on_output, heartbeat=heartbeat)
        stdout, code = self.stdout.take()
        stderr, _ = self.stderr.take()
        if not (code[:1] == b" " and code[1:].isdigit() and len(code) <= _CODE_LENGTH):
            raise LimitError("an answer that no shell gives")
        return Result(int(code), stdout, stderr)

    def pump(
        self,
        done: Callable[[], bool],
        limits: Limits = QUESTION,
        on_output: Callable[[bytes], None] | None = None,
        *,
        heartbeat: bool = False,
    ) -> None:
        """Write and read, whichever is possible, until `done`.

        Args:
            done: is asked after each read.
            limits: LimitError where the machine goes past them.
            on_output: is given what comes, and b"" after each second in which nothing came.
            heartbeat: the shell reads its lines: it may be sent empty ones.
        """
        clock = Clock(limits)
        self._write()
        while not done():
            left = clock.left()
            if heartbeat:
                left = min(left, self._beat())
            ready = self._poll.poll((min(left, TICK_SECONDS) if on_output else left) * 1000)
            if on_output and not ready:
                on_output(b"")
            for fd, _ in ready:
                if fd == self._stop:
                    raise KeyboardInterrupt
                clock.progress()
                if fd == self._stdin:
                    self._write()
                    continue
                output = self._outputs[fd]
                output.read()
                clock.check_size(len(output.data))
                if on_output and (news := output.news()):
                    on_output(news)

    def _beat(self) -> float:
        """Send a heartbeat where nothing else was sent lately; seconds until the next is due."""
        due = self._wrote + HEARTBEAT_SECONDS - time.monotonic()
        if due <= 0 and not self._outbox:
            self.send(b"\n")
            self._write()
        return due if due > 0 else HEARTBEAT_SECONDS

    def forget_stray_output(self) -> None:
        """Drop what came after the last mark: a child that a script left behind wrote it."""
        for output in (self.stdout, self.stderr):
            clock = Clock(OPENING)
            dropped = 0
            while output.read():
                dropped += len(output.data)
                output.data.clear()
                clock.check_size(dropped)
            output.data.clear()

    def last_words(self) -> tuple[str, int]:
        """What a shell that is gone said on stderr, and its exit code; closes."""
        try:
            while len(self.stderr.data) < _LAST_WORDS and self.stderr.read():
                continue
        except LostError:
            pass  # that was the end of it
        self.close()
        words = bytes(self.stderr.data[-_LAST_WORDS:])
        return words.decode("utf-8", "replace"), self._process.code or 0

    def close(self) -> None:
        """Hang up what still runs, and end the shell; does nothing the second time."""
        if not self.closed:
            self.closed = True
            self._process.end()

    def _write(self) -> None:
        """Write what can be; ask to be told when the rest can be."""
        try:
            while self._outbox:
                sent = os.write(self._stdin, self._outbox[0])
                self._wrote = time.monotonic()
                self._outbox[0] = self._outbox[0][sent:]
                if not self._outbox[0]:
                    del self._outbox[0]
        except BlockingIOError:
            if not self._waits_to_write:
                self._poll.register(self._stdin, select.POLLOUT)
                self._waits_to_write = True
            return
        except BrokenPipeError:
            raise LostError from None
        if self._waits_to_write:
            self._poll.unregister(self._stdin)
            self._waits_to_write = False
