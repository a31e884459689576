"""One shell as a process: the program that it runs, the marks in its outputs, its three pipes.

The shell reads one line at a time and evaluates it. A script comes quoted in such a line, or, where
it is long, as bytes that follow it; it runs in a subshell, and the line after it makes the shell
write a mark, a nonce that no script can know, to stdout and stderr. What stands before the mark is
the script's. When stdin ends, however envwright ended, everything that still runs is hung up as by
a terminal that goes away. The machine has to have coreutils and setsid (util-linux).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from typing import IO, TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# `cat` stands between stdin and the reading loop, for a loop that waits for a script would not see
# the end of stdin. `_ew_feed` gives a script its stdin and then swallows what it left; were stdin
# cut off, it waits to be hung up: no script takes a part for the whole.
PROGRAM = r"""
umask 022; cd /; trap : HUP; export LC_ALL=C LANG=C;
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH";
_ew_code=0; _ew_nl=$(printf '\nx'); _ew_nl=${_ew_nl%x};
_ew_take() { dd bs=65536 count="$1" iflag=count_bytes,fullblock status=none; };
_ew_run() { (eval "$_ew_script") </dev/null; _ew_code=$?; };
_ew_feed() {
 { _ew_take "$1"; IFS= read -r _ew_end || sleep 60; } |
 { (eval "$_ew_script"); _ew_code=$?; cat >/dev/null; exit "$_ew_code"; }; _ew_code=$?; };
_ew_mark() { printf '%s %s\n' "$1" "$_ew_code"; printf '%s\n' "$1" >&2; };
{ cat; trap : HUP; kill -s HUP -- -$$; } 2>/dev/null |
{ while IFS= read -r _ew_line; do eval "$_ew_line"; done; trap : HUP; kill -s HUP -- -$$; };
exit 0
""".replace("\n", " ")
"""What the shell runs; one line of sh."""

_INLINE = 2500
"""Bytes of script up to which `read`, a system call for each byte, is faster than a `dd`."""
_CHUNK = 262_144
"""Bytes to read at once."""


class LostError(Exception):
    """The shell is gone."""


class Result(NamedTuple):
    """What a script answered: its exit code, and its two outputs byte for byte."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.code == 0

    @property
    def text(self) -> str:
        """Its stdout as text; bytes that are not UTF-8 become surrogates, so none is lost."""
        return self.stdout.decode("utf-8", "surrogateescape")


def nonce() -> bytes:
    """A word that nobody can guess."""
    return os.urandom(8).hex().encode()


def spell_mark(mark: bytes) -> bytes:
    """The line that makes the shell write `mark`."""
    return b"_ew_mark %s\n" % mark


def spell_script(script: str, stdin: bytes) -> list[bytes]:
    """What makes the shell run `script`, in pieces (so that a large stdin is not copied)."""
    raw = script.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError("a script cannot hold a NUL")
    if len(raw) <= _INLINE:
        quoted = raw.replace(b"'", rb"'\''").replace(b"\n", b"'\"$_ew_nl\"'")
        head = b"_ew_script='%s'\n" % quoted
    else:
        head = b"_ew_script=$(_ew_take %d)\n%s" % (len(raw), raw)
    if not stdin:
        return [head + b"_ew_run\n"]
    return [head + b"_ew_feed %d\n" % len(stdin), stdin, b"\n"]


class Output:
    """One output of the shell: what has come, and whether the mark has come with it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.fd = pipe.fileno()
        self.data = bytearray()
        self.expect(b"")

    def expect(self, mark: bytes) -> None:
        """Look for `mark` from now on."""
        self._mark = mark
        self._searched = self._told = 0
        self._at = -1

    def read(self) -> None:
        """Take what is there; LostError at the end."""
        chunk = os.read(self.fd, _CHUNK)
        if not chunk:
            raise LostError
        self.data += chunk

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
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe)
        parts = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._pipes = cast("tuple[IO[bytes], ...]", parts)
        self._stdin = self._pipes[0].fileno()
        self.stdout, self.stderr = map(Output, self._pipes[1:])
        self._outbox: list[memoryview] = []
        self._selector = selectors.DefaultSelector()
        for each in self._pipes:
            os.set_blocking(each.fileno(), False)
        for output in (self.stdout, self.stderr):
            self._selector.register(output.fd, selectors.EVENT_READ, output)
        self._stop = stop
        if stop is not None:
            self._selector.register(stop, selectors.EVENT_READ)
        self.closed = False

    def send(self, *parts: bytes) -> None:
        """Put `parts` in line to be written while we read."""
        self._outbox += map(memoryview, parts)

    def collect(
        self,
        mark: bytes,
        deadline: float | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Result:
        """What the outputs hold up to `mark`; arguments and errors as `pump`."""
        self.stdout.expect(mark)
        self.stderr.expect(mark)
        both = (self.stdout, self.stderr)
        self.pump(lambda: both[0].complete() and both[1].complete(), deadline, on_output)
        stdout, code = self.stdout.take()
        stderr, _ = self.stderr.take()
        return Result(int(code), stdout, stderr)

    def pump(
        self,
        done: Callable[[], bool],
        deadline: float | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> None:
        """Write and read, whichever is possible, until `done`.

        Args:
            done: is asked after each read.
            deadline: time.monotonic() at which to stop waiting with a TimeoutError.
            on_output: is given what comes.
        """
        self._write()
        while not done():
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = self._selector.select(left)
            if not ready and left is not None:
                raise TimeoutError
            for key, _ in ready:
                if key.fd == self._stop:
                    raise KeyboardInterrupt
                if key.data is None:
                    self._write()
                    continue
                key.data.read()
                if on_output and (news := key.data.news()):
                    on_output(news)

    def forget_stray_output(self) -> None:
        """Drop what came after the last mark: a child that a script left behind wrote it."""
        for output in (self.stdout, self.stderr):
            with contextlib.suppress(BlockingIOError):
                output.read()
            output.data.clear()

    def last_words(self) -> tuple[str, int]:
        """What a shell that is gone said on stderr, and its exit code; closes."""
        with contextlib.suppress(BlockingIOError, LostError):
            while True:
                self.stderr.read()
        self.close()
        return self.stderr.data.decode("utf-8", "replace"), self._process.returncode

    def close(self) -> None:
        """Hang up what still runs, and end the shell; does nothing the second time."""
        if self.closed:
            return
        self.closed = True
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()
        for end in (self._process.poll, self._process.terminate, self._process.kill):
            with contextlib.suppress(PermissionError):  # it is sudo, which ends with its shell
                end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
                return

    def _write(self) -> None:
        """Write what can be; ask the selector to tell when the rest can be."""
        waited = self._stdin in self._selector.get_map()
        try:
            while self._outbox:
                sent = os.write(self._stdin, self._outbox[0])
                self._outbox[0] = self._outbox[0][sent:]
                if not self._outbox[0]:
                    del self._outbox[0]
        except BlockingIOError:
            if not waited:
                self._selector.register(self._stdin, selectors.EVENT_WRITE)
            return
        except BrokenPipeError:
            raise LostError from None
        if waited:
            self._selector.unregister(self._stdin)
