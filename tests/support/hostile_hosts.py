"""Hosts that misbehave: a `docker` that leads to this machine's shell, and spoils what it carries.

`docker exec -i -u 0 NAME sh -c ...` starts a real shell. What NAME says is done to it: some names
misbehave from the start, the others once a script says SPOIL.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPOIL = b"SPOIL"
"""A script that has this word in it is answered as the host's name says."""


def install(folder: Path) -> Path:
    """Write a program `docker` that is this module into a folder for PATH."""
    folder.mkdir(exist_ok=True)
    program = folder / "docker"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -S {__file__} "$@"\n')
    program.chmod(0o755)
    return folder


def _out(data: bytes) -> None:
    os.write(1, data)


def _err(data: bytes) -> None:
    os.write(2, data)


def _silent() -> None:
    time.sleep(60)


def _deaf() -> None:
    """Read nothing; the shell's input fills up."""
    time.sleep(60)


def _repeat(write: Callable[[bytes], None], data: bytes, pause: float = 0) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        write(data)
        time.sleep(pause)


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
    time.sleep(60)


def _end(code: int, said: bytes = b"") -> None:
    _err(said)
    os._exit(code)


def _die(mark: bytes) -> None:
    """End in the middle of an answer, and of its mark."""
    _out(b"half an ans" + mark[:7])
    _end(1, b"bye\n")


def _answer(stdout: bytes, stderr: bytes = b"MARK\n") -> Callable[[bytes], None]:
    """Answer with what comes instead of marks, then be silent."""

    def answer(mark: bytes) -> None:
        _out(stdout.replace(b"KRAM", mark[::-1]).replace(b"MARK", mark))
        _err(stderr.replace(b"MARK", mark))
        time.sleep(60)

    return answer


AT_ONCE: dict[str, Callable[[], None]] = {
    "silent": _silent,
    "flood-stdout": lambda: _repeat(_out, b"x" * 65_536),
    "flood-stderr": lambda: _repeat(_err, b"x" * 65_536),
    "flood-lines": lambda: _repeat(_out, b"welcome\n" * 8_192),
    "trickle": lambda: _repeat(_out, b".", 0.05),
    "closes-stdout": lambda: _close(1),
    "closes-stderr": lambda: _close(2),
    "closes-both": lambda: _close(1, 2),
    "ends-0": lambda: _end(0),
    "ends-1": lambda: _end(1, b"go away\n"),
    "ends-255": lambda: _end(255, b"go away\n"),
    "garbage": lambda: _end(3, os.urandom(4096) + b"\n"),
}
"""What is done instead of starting a shell."""

LATER: dict[str, Callable[[bytes], None]] = {
    "later-silent": lambda _: _silent(),
    "later-flood-stdout": lambda _: _repeat(_out, b"x" * 65_536),
    "later-flood-stderr": lambda _: _repeat(_err, b"\0" * 65_536),
    "later-trickle": lambda _: _repeat(_err, b".", 0.05),
    "later-closes-stdout": lambda _: _close(1),
    "later-closes-stderr": lambda _: _close(2),
    "later-ends": lambda _: _end(0, b"bye\n"),
    "dies-mid-answer": _die,
    "no-code": _answer(b"MARK\n"),
    "word-for-code": _answer(b"MARK fine\n"),
    "negative-code": _answer(b"MARK -1\n"),
    "endless-code": _answer(b"MARK " + b"9" * 5000 + b"\n"),
    "code-with-nul": _answer(b"MARK \x000\n"),
    "wrong-mark": _answer(b"KRAM 0\n"),
    "mark-on-stdout-only": _answer(b"MARK 0\n", b""),
    "mark-without-end": _answer(b"MARK 0", b"MARK"),
}
"""What is done once a script says SPOIL; each gets the mark that it should answer with."""

GOOD: dict[str, bytes] = {
    "good": b"",
    "banner": b"Welcome to this machine!\nLast login: today\n",
    "binary-banner": b"\0\xff\x1b]0;x\7" * 100,
    "long-banner": b"x" * 500_000,
}
"""What a host says before its shell, which is a good one."""


def _relay(name: str, argv: list[str]) -> int:
    """Carry a shell's input and outputs; spoil what is asked for."""
    spoil = LATER.get(name)
    if name == "echo":
        # A terminal that nobody asked for: what comes in goes out.
        argv = ["sh", "-c", 'exec 9>&1; tee /dev/fd/9 | "$@"', "sh", *argv]
    shell = subprocess.Popen(argv, stdin=subprocess.PIPE)
    assert shell.stdin
    if name == "late":
        time.sleep(0.3)
    spoilt = threading.Event()

    def end() -> None:
        code = shell.wait()
        if not spoilt.is_set():
            os._exit(max(0, code))

    threading.Thread(target=end, daemon=True).start()
    seen = b""
    while True:
        if name == "deaf" and SPOIL in seen:
            _deaf()
        select.select([0], [], [])
        data = os.read(0, 65_536)
        if not data:
            break
        seen = (seen + data)[-100_000:]
        if spoil and SPOIL in seen and (found := re.search(rb"_ew_mark (\w+)\n\s*$", seen)):
            spoilt.set()
            shell.stdin.close()
            shell.wait()
            spoil(found[1])
        shell.stdin.write(data)
        shell.stdin.flush()
    shell.stdin.close()
    return shell.wait()


def main(arguments: list[str]) -> int:
    """Be `docker exec -i -u 0 NAME PROGRAM ...`."""
    name, argv = arguments[4], arguments[5:]
    name = name.rpartition(".")[2]
    if name in AT_ONCE:
        AT_ONCE[name]()
    _out(GOOD.get(name, b""))
    return _relay(name, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
