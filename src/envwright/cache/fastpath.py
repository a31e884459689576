"""Asking ahead: where a command line found nothing to do, the next asks the same at once.

The session is opened, and everything is asked that was asked then, in the one round trip that the
opening takes, before the command line is even parsed. If the machine says the same, so do we. If
not, the session and its answers go to those who compare.
"""

from __future__ import annotations

import sys

from envwright.cache import noop_cache
from envwright.host.batch import Inquiry
from envwright.host.shell import LostError, Shell, nonce, spell_mark, spell_script
from envwright.timings import OFF

SSH_FAILED = 255
"""The exit code of ssh for a failure of its own (ssh(1)); all others are the machine's."""
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envwright.cache.noop_cache import Note
    from envwright.host.session import Session
    from envwright.timings import Timings


class Ahead:
    """A session that was opened by a note, and what the machine said to what the note asks."""

    def __init__(
        self,
        note: Note,
        shell: Shell,
        answers: list[bytes],
        failure: tuple[str, int] | None = None,
    ) -> None:
        self._note, self._shell, self._answers = note, shell, answers
        self._failure = failure

    def repeat(self, timings: Timings = OFF) -> bool:
        """Say what was said then, if the machine says what it said then; tell whether it does."""
        with timings("compare"):
            same = noop_cache.checksum(self._answers) == self._note.answers
        if not same or sys.stdout is None:
            return False
        try:
            sys.stdout.write(self._note.said)
            sys.stdout.flush()
        except OSError:
            return False  # who says it in the usual way says what is wrong, too
        if timings is not OFF and sys.stderr:
            sys.stderr.write(timings.text())
        return True

    def session(self, host: str) -> Session | None:
        """Return the session, its answers at hand; None where it leads to another host.

        Raises:
            HostError: the host cannot be reached: trying again would take its time again.
        """
        if self._failure and host == self._note.host:
            from envwright.host import connectors  # noqa: PLC0415 - needed where something is wrong

            raise connectors.find_route(host).blame(*self._failure)
        from envwright.host.session import Session  # noqa: PLC0415 - needed where something differs
        from envwright.host.shell import Result  # noqa: PLC0415 - needed where something differs

        if host != self._note.host or self._shell.closed:
            return None
        *answers, hello = self._answers
        session = Session(host, self._shell, Result(0, hello, b""))
        session.opening = self._note.argv, self._note.first_line
        session.know((self._note.scripts[:-1], self._note.concurrent - 1), answers)
        return session

    def close(self) -> None:
        """Close the session; does nothing the second time."""
        self._shell.close()


def ask(words: Sequence[str], timings: Timings = OFF) -> Ahead | None:
    """Ask the machine of a command line what its note asks.

    None where there is no note, or no session by it: then what is wrong is said elsewhere.
    """
    with timings("look for a note"):
        note = noop_cache.find(words)
    if note is None:
        return None
    with timings("connect and probe"):
        return _ask(note)


def _ask(note: Note) -> Ahead | None:
    inquiry = Inquiry(note.scripts, note.concurrent)
    ready, end = nonce(), nonce()
    try:
        shell = Shell(note.argv)
    except OSError:
        return None
    try:
        shell.send(note.first_line.encode(), spell_mark(ready))
        shell.send(*spell_script(inquiry.script, b""), spell_mark(end))
        shell.collect(ready)
        answers = inquiry.answers(shell.collect(end).stdout)
    except LostError:
        words, code = shell.last_words()
        unreached = note.argv[0] == "ssh" and code == SSH_FAILED
        return Ahead(note, shell, [], (words, code)) if unreached else None
    except BaseException:
        shell.close()
        raise
    if len(answers) == len(note.scripts):
        return Ahead(note, shell, answers)
    shell.close()
    return None


def note(
    words: Sequence[str], session: Session, hello: str, files: Mapping[str, str], said: str
) -> None:
    """Note what a command line found that found nothing to do.

    Args:
        words: the command line.
        session: where it asked; what it asked last found nothing.
        hello: the script of the session's opening words.
        files: the checksums of the environment's files, by path.
        said: what was printed.
    """
    if session.opening is None or session.inquired is None:
        return
    (scripts, concurrent), answers = session.inquired
    known = noop_cache.checksum([*answers, session.hello.stdout])
    argv, first_line = session.opening
    kept = noop_cache.Note(
        host=session.name,
        argv=argv,
        first_line=first_line,
        checksums=files,
        scripts=(*scripts, hello),
        concurrent=concurrent + 1,
        answers=known,
        said=said,
    )
    noop_cache.keep(words, kept)
