"""Prefetch: the questions of checks are asked in few round trips, and the results are the same."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.engine.prefetch import ROUNDS, Prefetch
from envwright.errors import HostError
from envwright.host.session import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from envwright.host.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


def chain(prefetch: Prefetch, words: str) -> Callable[[], list[str]]:
    """A check that says each next word only when it has heard the one before."""

    def check() -> list[str]:
        heard = [""]
        for word in words.split():
            heard.append(
                prefetch.run(f"echo {heard[-1]} {word}; echo err >&2; exit 3").text.strip()
            )
        return heard[1:]

    return check


def test_what_depends_on_answers_is_asked_in_as_many_round_trips_as_it_is_deep(
    session: Session,
) -> None:
    prefetch = Prefetch(session)
    checks = [chain(prefetch, words) for words in ("a b c", "a b", "d e", "a")]
    prefetch.fetch(checks)
    assert session.round_trips == 3
    assert [check() for check in checks] == [
        ["a", "a b", "a b c"],
        ["a", "a b"],
        ["d", "d e"],
        ["a"],
    ]
    assert session.round_trips == 3


def test_answers_are_whole(session: Session) -> None:
    prefetch = Prefetch(session)
    script = r"printf 'out\0'; printf 'err\377' >&2; exit 7"
    prefetch.fetch([lambda: prefetch.run(script)])
    assert prefetch.run(script) == Result(7, b"out\0", b"err\xff")


def test_what_was_not_prefetched_is_asked_live(session: Session, tmp_path: Path) -> None:
    prefetch = Prefetch(session)
    prefetch.fetch([])
    scripts = f"echo x >>{tmp_path}/seen; cat {tmp_path}/seen"
    assert [prefetch.run(scripts).text for _ in range(2)] == ["x\n", "x\nx\n"]


def test_a_check_that_fails_is_done_and_no_check_can_catch_the_pause(session: Session) -> None:
    prefetch = Prefetch(session)
    made = []

    def careless() -> None:
        try:
            made.append(prefetch.run("echo 1").text)
        except Exception:  # noqa: BLE001 - as careless checks do
            made.append("caught")
        raise ZeroDivisionError

    prefetch.fetch([careless])
    assert (made, session.round_trips) == (["1\n"], 1)


def test_a_check_that_never_asks_the_same_again_is_left_to_itself(session: Session) -> None:
    prefetch = Prefetch(session)
    numbers = iter(range(1000))
    prefetch.fetch([lambda: prefetch.run(f"echo {next(numbers)}")])
    assert session.round_trips == ROUNDS
    assert prefetch.run("echo live").text == "live\n"


def test_it_is_held_once_and_a_check_that_is_made_again_asks_anew(
    session: Session, tmp_path: Path
) -> None:
    prefetch, file = Prefetch(session), tmp_path / "file"
    check = functools.partial(prefetch.run, f"cat {file}")
    seen = []
    for text, again in (("first", False), ("second", False), ("third", True)):
        file.write_text(text)
        prefetch.prepare([check], again)
        seen.append(check().stdout)
    assert seen == [b"first", b"first", b"third"]


def test_nothing_is_hidden_of_a_machine_that_is_lost(session: Session) -> None:
    prefetch = Prefetch(session)
    with pytest.raises(HostError, match=r"^@local: the connection was lost while it ran: "):
        prefetch.fetch([lambda: prefetch.run("kill -9 0 $PPID")])
    with pytest.raises(HostError, match="the session is closed"):
        prefetch.run("true")


def test_scripts_in_one_round_trip_are_apart(session: Session) -> None:
    scripts = [
        "X=1; cd /usr; exit 4",
        'echo "$X" "$PWD"',
        "cat; echo 'a''b' >&2",
        "if",
        f": {'x' * 5000}; printf 'no newline'; printf 'none here' >&2; false",
        "exec sh -c 'exit 5'",
    ]
    prefetch = Prefetch(session)
    prefetch.fetch([functools.partial(prefetch.run, script) for script in scripts])
    assert session.round_trips <= ROUNDS
    live = [session.run(script) for script in scripts]
    syntax = live[3].stderr
    assert [prefetch.run(script) for script in scripts] == [
        Result(4, b"", b""),
        Result(0, b" /\n", b""),
        Result(0, b"", b"ab\n"),
        Result(2, b"", prefetch.run("if").stderr),
        Result(1, b"no newline", b"none here"),
        Result(5, b"", b""),
    ]
    assert b"yntax error" in syntax
