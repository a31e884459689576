"""A child process with three pipes that do not block, which is ended for certain.

The fast path loads this module, `shell` and `batch` before it asks the machine. They are kept
light: typing, subprocess, selectors, signal and contextlib would take as long to import as the
machine takes to answer.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_SIGINT = 2
_DEFAULT_SIGNALS = (13, 25)
"""SIGPIPE and SIGXFSZ (signal(7)), which Python ignores and a program must not."""
_KEPT = frozenset(
    (
        *("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"),
        *("WSLENV", "WSL_DISTRO_NAME", "WSL_INTEROP"),
        *("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    )
)
"""What a shell of this computer gets of our environment: who and where it is, and the way out.

Everything else stays here, as with sudo(8): a token that a secret comes from would reach each
script of a package that apt runs, and a user's LD_PRELOAD or TMPDIR would have a say in what root
does.
"""
_END_SECONDS = 1
"""How long a process may take to end by itself, then by SIGTERM, then by SIGKILL."""


class Process:
    """A child process that envwright starts and ends.

    Args:
        argv: the program, found by PATH, and its arguments; OSError where it cannot be started.

    Attributes:
        stdin, stdout, stderr: our ends of its pipes, which do not block.
        code: its exit code (minus a signal's number) once it has ended.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        pipes = [_pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(theirs)]
        try:
            self._pid = os.posix_spawnp(
                argv[0],
                list(argv),
                _environment(argv[0]),
                file_actions=actions,
                setsigdef=_DEFAULT_SIGNALS,
                **_aside(argv[0]),
            )
        except OSError:
            _close(ours)
            raise
        finally:
            _close(theirs)
        for fd in ours:
            os.set_blocking(fd, False)
        self.stdin, self.stdout, self.stderr = ours
        self.code: int | None = None

    def end(self) -> None:
        """Close the pipes and wait for the end; after a second each, send SIGTERM, then SIGKILL."""
        _close([self.stdin, self.stdout, self.stderr])
        for signal in (0, 15, 9):  # nothing, SIGTERM, SIGKILL
            if self._ends(signal):
                return

    def _ends(self, signal: int) -> bool:
        """Send a signal; return whether the process ends within _END_SECONDS."""
        try:
            os.kill(self._pid, signal)
        except PermissionError:
            signal = 0  # the process is sudo, runs as root, and ends with its shell
        until = time.monotonic() + _END_SECONDS
        pause = 0.0005
        while self.code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                return False
            else:
                time.sleep(pause)
                pause = min(2 * pause, 0.05)
        return True


def _aside(program: str) -> dict[str, Any]:
    """Return how a program is started that a terminal's Ctrl-C must not end: envwright decides.

    A program in a group of its own is not reached by Ctrl-C. ssh stays in that of the terminal, for
    it asks for passwords there; it keeps the signal blocked.
    """
    return {"setsigmask": (_SIGINT,)} if program == "ssh" else {"setpgroup": 0}


def _environment(program: str) -> Mapping[str, str]:
    """Return the variables of a program: all of ours for what leads elsewhere, such as ssh."""
    if program != "sh":
        return os.environ
    return {name: os.environ[name] for name in _KEPT & os.environ.keys()}


def ignores_signals() -> bool:
    """Return whether a child would ignore SIGHUP or SIGINT, as under nohup(1): it inherits that."""
    import signal  # noqa: PLC0415 - see above

    ignored = (signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGINT))
    return signal.SIG_IGN in ignored


def _pipe() -> tuple[int, int]:
    """Return a pipe whose descriptors are above 2, for our standard streams may be closed."""
    ends = os.pipe()
    if min(ends) > 2:  # noqa: PLR2004 - stderr
        return ends
    try:
        return _pipe()
    finally:
        _close(ends)


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
