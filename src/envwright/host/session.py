"""One session to a machine: scripts in, exit code, stdout and stderr out, over one shell."""

from __future__ import annotations

import functools
import sys
import time
from typing import TYPE_CHECKING

from envwright.errors import HostError, StepError
from envwright.host import connectors
from envwright.host.batch import Batch, Recorder
from envwright.host.error_hints import advise
from envwright.host.limits import (
    INTERACTIVE,
    OPENING,
    QUESTION,
    STEP,
    LimitError,
    Limits,
    LostError,
)
from envwright.host.shell import Result, Shell, nonce, spell_mark, spell_script
from envwright.portable import safepath

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Result", "Session", "open_session"]


class Session:
    """A privileged shell on one machine; `open_session` makes it. A context manager.

    Attributes:
        name: the host as named, such as `@ssh/dev@box`.
        hello: the answer to the script that was sent along with the opening.
        round_trips: exchanges since it was opened.
        recorder: hears of each batch of questions, and may know its answers beforehand.
    """

    def __init__(
        self, name: str, shell: Shell, hello: Result, recorder: Recorder | None = None
    ) -> None:
        self.name = name
        self.hello = hello
        self.round_trips = 0
        self.recorder = recorder or Recorder()
        self._ends: float | None = None
        self._shell = shell

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",
        on_output: Callable[[bytes], None] | None = None,
        limits: Limits = STEP,
        doing: str = "",
    ) -> Result:
        """Run a script of sh in a subshell of its own.

        Args:
            script: any script; nothing that it does to its shell outlives it.
            stdin: what it reads from its stdin.
            on_output: is given its stdout and stderr, piece by piece, as they come.
            limits: past them the script is hung up, and the session closed.
            doing: what an error calls the script; by default its first line.

        Raises:
            HostError: it went past its limits, or the machine was lost; the session is closed.
        """
        parts = spell_script(script, stdin)
        return self._exchange(parts, limits, doing or _first_line(script), on_output)

    def end_after(self, seconds: float | None) -> None:
        """Close the session after some seconds, whatever it is doing then; None: never."""
        self._ends = None if seconds is None else time.monotonic() + seconds

    def source(self, script: str, *, limits: Limits = QUESTION, doing: str = "") -> Result:
        """Run a script in the session's own shell: what it opens stays open while that lives.

        Args:
            script: must not end its shell; file descriptor 9 is kept from all other scripts.
            limits: as in `run`.
            doing: as in `run`.

        Raises:
            HostError: as in `run`.
        """
        parts = spell_script(script, resident=True)
        return self._exchange(parts, limits, doing or _first_line(script))

    def _exchange(
        self,
        parts: Sequence[bytes],
        limits: Limits,
        doing: str,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Result:
        """Send lines to the shell and return its answer; say what went wrong."""
        if self._shell.closed:
            raise HostError(f"{self.name}: the session is closed")
        self.round_trips += 1
        mark = nonce()
        try:
            if self._ends is not None:
                limits = limits.within(self._ends - time.monotonic())
            self._shell.forget_stray_output()
            self._shell.send(*parts, spell_mark(mark))
            return self._shell.collect(mark, limits, on_output, heartbeat=True)
        except LimitError as error:
            self._shell.close()
            raise self._past_limit(error, doing) from None
        except LostError:
            words, _ = self._shell.last_words()
            what = f"{self.name}: the connection was lost while it ran: {doing}"
            raise HostError("\n".join(filter(None, [what, connectors.last_line(words)]))) from None
        except BaseException:
            self._shell.close()
            raise

    def _past_limit(self, error: LimitError, doing: str) -> HostError:
        if self._ends is not None and time.monotonic() >= self._ends:
            return HostError(
                f"{self.name}: the time for the whole run is over: {doing}",
                hint="give it more with --timeout; an apply goes on from where it stood",
            )
        return HostError(
            f"{self.name}: {error}: {doing}",
            hint="see what it waits for on the machine, or give it more time",
        )

    def run_batch(self, scripts: Sequence[str], concurrent: int = 0) -> list[bytes]:
        """Run many read-only scripts in one round trip, or in none where the recorder knows better.

        Args:
            scripts: each reads nothing from stdin; what it prints on stderr is dropped.
            concurrent: how many of the last run at the same time as those before them.

        Returns:
            What each script printed; fewer where the output was cut off.

        Raises:
            HostError: the machine was lost; the session is closed.
        """
        asked = tuple(scripts)
        answers = self.recorder.recall(asked, concurrent)
        if answers is None:
            batch = Batch(asked, concurrent)
            done = self.run(batch.script, limits=QUESTION, doing="the questions about its state")
            answers = batch.answers(done.stdout)
        self.recorder.record(asked, concurrent, answers)
        return answers

    def put(
        self, data: bytes, path: str, *, owner: str = "", group: str = "", mode: str = "0600"
    ) -> None:
        """Write a file, whole and with its owner, group and mode, or not at all.

        Args:
            data: its content.
            path: where.
            owner: a user's name; "" for root.
            group: a group's name; "" for root.
            mode: in octal digits.

        Raises:
            StepError: the machine would not; nothing is left behind.
            HostError: the machine was lost.
        """
        given = (owner or "root", group or "root") if owner or group else ("", "")
        script = safepath.change("put", path, *given, mode, "", str(len(data)), "")
        self._demand("write", path, script, stdin=data)

    def get(self, path: str) -> tuple[str, bytes]:
        """A word that is true of this file and content alone, and the content.

        "none" and nothing where there is no such file.

        Raises:
            StepError: it cannot be read, or has more than TEXT_LIMIT bytes.
            HostError: the machine was lost.
        """
        said = self._demand("read", path, safepath.change("get", path))
        identity, _, data = said.partition(b"\n")
        return identity.decode(), data

    def close(self) -> None:
        """Hang up what still runs, and end the shell; does nothing the second time."""
        self._shell.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _demand(self, verb: str, path: str, script: str, stdin: bytes = b"") -> bytes:
        done = self.run(script, stdin=stdin, doing=f"{verb} {path}")
        if not done.ok:
            words = connectors.last_line(done.stderr.decode("utf-8", "replace"))
            reason = words.rpartition(": ")[2]
            raise StepError(f"{self.name}: cannot {verb} {path}: {reason}", hint=advise(reason))
        return done.stdout


def open_session(  # noqa: PLR0913 - all but the host have defaults
    host: str,
    *,
    hello: str = ":",
    password: Callable[[str], str] | None = None,
    privileged: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
    batch: bool = False,
    stop: int | None = None,
    recorder: Recorder | None = None,
    timeout: float | None = None,
) -> Session:
    """Open a session to `host`; costs one round trip after the login, whatever `hello` asks.

    Args:
        host: `@local`, `@ssh/[user@]host[:port]` or the like: see `hosts`.
        hello: a script that is sent along; its answer is `Session.hello`.
        password: asked once, with the text to show, where sudo wants a password.
        privileged: be root, by sudo where the user is not; else stay who the user is.
        meanwhile: is called while the machine is on its way.
        batch: ssh must not ask anything: it is one of many at the same time.
        stop: a file descriptor: once it can be read, the session ends as by Ctrl-C.
        recorder: hears how the session is opened, and what is asked in batches.
        timeout: seconds from now after which the session ends, whatever it is doing.

    Raises:
        HostError: the host cannot be reached, or not with the rights.
    """
    ends = None if timeout is None else time.monotonic() + timeout
    somebody = password is not None or bool(sys.stdin and sys.stdin.isatty())
    interactive = somebody and not batch
    route = connectors.find_route(host, interactive=interactive)
    limits = INTERACTIVE if interactive else OPENING
    limits = limits if timeout is None else limits.within(timeout)
    begin = functools.partial(_open, route, hello, limits, stop=stop, recorder=recorder)
    try:
        session = begin(privileged=privileged, meanwhile=meanwhile)
    except connectors.PasswordNeededError as need:
        if password is None:
            raise
        secret = password(f"[sudo] password for {need.user} on {host}: ")
        session = begin(privileged=True, password=secret)
    session.end_after(None if ends is None else ends - time.monotonic())
    return session


def _open(  # noqa: PLR0913 - all but the route and the words may be left out
    route: connectors.Route,
    hello: str,
    limits: Limits,
    *,
    privileged: bool,
    password: str | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    stop: int | None = None,
    recorder: Recorder | None = None,
) -> Session:
    try:
        shell = Shell(route.argv, stop)
    except OSError as error:
        raise HostError(
            f"{route.host}: {route.argv[0]} cannot be started: {error.strerror}",
            hint=f"install {route.argv[0]} here",
        ) from None
    token, ready, end = nonce().decode(), nonce(), nonce()
    asking = password is not None
    first = connectors.first_line(route, token, privileged=privileged, asking=asking)
    try:
        shell.send(first.encode())
        if password is not None:
            _answer_sudo(route.host, shell, token.encode(), password)
        shell.send(spell_mark(ready), *spell_script(hello, b""), spell_mark(end))
        shell.flush()
        meanwhile()
        shell.collect(ready, limits)  # banners and greetings, which belong to no script
        session = Session(route.host, shell, shell.collect(end, QUESTION), recorder)
    except LimitError as error:
        words, _ = shell.last_words()
        raise route.explain_silence(words, error) from None
    except LostError:
        words, code = shell.last_words()
        raise connectors.blame_sudo(route.host, words, token) or route.blame(words, code) from None
    except BaseException:
        shell.close()
        raise
    if not asking:
        session.recorder.opened(route.argv, first)
    return session


def _answer_sudo(host: str, shell: Shell, token: bytes, password: str) -> None:
    """Send the password when sudo asks, and nothing else until there is a shell."""
    asked, granted = token + b"?", token + b"!"
    seen = shell.stderr.data
    try:
        shell.pump(lambda: asked in seen or granted in seen, OPENING)
        if granted in seen:
            return
        line = password.partition("\n")[0]  # a second one would reach the shell
        shell.send(line.encode("utf-8", "surrogateescape") + b"\n")
        shell.pump(lambda: seen.count(asked) > 1 or granted in seen, OPENING)
    except LimitError:
        raise HostError(
            f"{host}: sudo asked something else than a password",
            hint="give the user a NOPASSWD rule, or run envwright as root",
        ) from None
    if granted not in seen:
        raise HostError(f"{host}: sudo refused the password", hint="try again, with the right one")


def _first_line(script: str) -> str:
    """What a script is called in an error: its first line that says something, at most 60 long."""
    lines = filter(None, (line.strip() for line in script.splitlines()))
    return next(lines, "")[:60]
