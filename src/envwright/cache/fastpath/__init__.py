"""The fast path: a command line that found nothing to do is repeated in one round trip.

The first such run keeps a no-op result: what it asked the machine, the checksum of the answers, and
what it printed. The next run sends the same questions in the round trip that opens the session,
before the command line is even parsed. Where the answers have that checksum, the run prints the
same and is over. Where not, the session and its answers go to the comparison as if it had just
asked. So the fast path never changes a result; without it, the same run takes longer.
"""

from __future__ import annotations

import sys

from envwright.cache.fastpath import result
from envwright.host.batch import Batch
from envwright.host.batch import Recorder as _Recorder
from envwright.host.limits import OPENING, LimitError, LostError
from envwright.host.shell import Shell, nonce, spell_mark, spell_script
from envwright.timings import OFF

SSH_FAILED = 255
"""The exit code of ssh for a failure of its own (ssh(1)); all others are the machine's."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from envwright.cache.fastpath.result import NoopResult
    from envwright.errors import HostError
    from envwright.host.connectors import Route
    from envwright.host.session import Session
    from envwright.timings import Timings

    Asked = tuple[tuple[str, ...], int]
    """The scripts of a batch, and how many of the last are concurrent."""


class Recorder(_Recorder):
    """Records what a no-op result is made of; has the answers that a fast path was given.

    Args:
        known: a batch, and its answers of a moment ago; they serve once.
    """

    def __init__(self, known: tuple[Asked, list[bytes]] | None = None) -> None:
        self._known = known
        self.opening: tuple[tuple[str, ...], str] | None = None
        self.last: tuple[Asked, list[bytes]] | None = None

    def opened(self, argv: tuple[str, ...], first_line: str) -> None:
        """Record how the session was opened."""
        self.opening = argv, first_line

    def recall(self, scripts: tuple[str, ...], concurrent: int) -> list[bytes] | None:
        """Return the answers that the fast path was given, if they are to this batch."""
        known, self._known = self._known, None
        return known[1] if known and known[0] == (scripts, concurrent) else None

    def record(self, scripts: tuple[str, ...], concurrent: int, answers: list[bytes]) -> None:
        """Record the batch; a plan's only batch is its session's last."""
        self.last = (scripts, concurrent), answers


class Attempt:
    """A session that was opened for a cached result, and the machine's answers to its questions."""

    def __init__(
        self,
        cached: NoopResult,
        shell: Shell,
        answers: list[bytes],
        failure: Callable[[Route], HostError] | None = None,
    ) -> None:
        self._cached, self._shell, self._answers = cached, shell, answers
        self._failure = failure

    def repeat(self, timings: Timings = OFF) -> bool:
        """Print what was printed then, if the machine answers as it did; tell whether it does."""
        with timings("compare"):
            same = result.checksum(self._answers) == self._cached.answers
        if not same or sys.stdout is None:
            return False
        try:
            sys.stdout.write(self._cached.printed)
            sys.stdout.flush()
        except OSError:
            return False  # the ordinary run prints it again, and tells of the error
        if timings is not OFF and sys.stderr:
            sys.stderr.write(timings.text())
        return True

    def session(self, host: str) -> Session | None:
        """Return the session, which has the answers; None where it leads to another host.

        Raises:
            HostError: the host cannot be reached: trying again would take its time again.
        """
        if self._failure and host == self._cached.host:
            from envwright.host import connectors  # noqa: PLC0415 - needed where something is wrong

            raise self._failure(connectors.find_route(host))
        from envwright.host.session import Session  # noqa: PLC0415 - needed where something differs
        from envwright.host.shell import Result  # noqa: PLC0415 - needed where something differs

        if host != self._cached.host or self._shell.closed:
            return None
        *answers, hello = self._answers
        asked = self._cached.scripts[:-1], self._cached.concurrent - 1
        recorder = Recorder((asked, answers))
        recorder.opened(self._cached.argv, self._cached.first_line)
        return Session(host, self._shell, Result(0, hello, b""), recorder)

    def close(self) -> None:
        """Close the session; does nothing the second time."""
        self._shell.close()


def attempt(words: Sequence[str], timings: Timings = OFF) -> Attempt | None:
    """Ask the machine of a command line the questions of its cached result.

    None where there is no result, or no session: the ordinary run then tells what is wrong.
    """
    if any(word.startswith("--timeout") for word in words):
        return None  # the ordinary run keeps the time
    with timings("look for a cached result"):
        cached = result.find(words)
    if cached is None:
        return None
    with timings("connect and probe"):
        return _ask(cached)


def _ask(cached: NoopResult) -> Attempt | None:
    batch = Batch(cached.scripts, cached.concurrent)
    ready, end = nonce(), nonce()
    try:
        shell = Shell(cached.argv)
    except OSError:
        return None
    try:
        shell.send(cached.first_line.encode(), spell_mark(ready))
        shell.send(*spell_script(batch.script, b""), spell_mark(end))
        shell.collect(ready, OPENING)
        answers = batch.answers(shell.collect(end).stdout)
    except LimitError as error:
        limit, (words, _) = str(error), shell.last_words()
        silence = lambda route: route.explain_silence(words, limit)  # noqa: E731 - one line of two
        return Attempt(cached, shell, [], silence)
    except LostError:
        words, code = shell.last_words()
        unreached = cached.argv[0] == "ssh" and code == SSH_FAILED
        failure = lambda route: route.blame(words, code)  # noqa: E731 - one line of two
        return Attempt(cached, shell, [], failure) if unreached else None
    except BaseException:
        shell.close()
        raise
    if len(answers) == len(cached.scripts):
        return Attempt(cached, shell, answers)
    shell.close()
    return None


def keep(
    words: Sequence[str], session: Session, hello: str, files: Mapping[str, str], printed: str
) -> None:
    """Cache the result of a command line that found nothing to do.

    Args:
        words: the command line.
        session: the machine's; its last batch found nothing to do.
        hello: the script that asks for the machine's facts.
        files: the checksums of the environment's files, by path.
        printed: what was printed.
    """
    recorder = session.recorder
    if not isinstance(recorder, Recorder) or recorder.opening is None or recorder.last is None:
        return
    (scripts, concurrent), answers = recorder.last
    argv, first_line = recorder.opening
    kept = result.NoopResult(
        host=session.name,
        argv=argv,
        first_line=first_line,
        checksums=files,
        scripts=(*scripts, hello),
        concurrent=concurrent + 1,
        answers=result.checksum([*answers, session.hello.stdout]),
        printed=printed,
    )
    result.keep(words, kept)
