"""Patience: what Ctrl-C does while apply works."""

from __future__ import annotations

import os
import signal

import pytest

from envwright.engine.patience import Patience

SAID = (
    "Ctrl-C: dpkg is at work and must not be cut off. The run ends when this step is done; another "
    "Ctrl-C ends it at once, and the next apply mends what is left half done."
)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_interrupt_waits_for_what_must_not_be_cut_off() -> None:
    told: list[str] = []
    with Patience(lambda: "dpkg", told.append) as patience:
        patience.check()
        interrupt()
        patience.look()
        patience.look()
        with pytest.raises(KeyboardInterrupt):
            patience.check()
    assert told == [SAID]


def test_an_interrupt_while_something_is_written_writes_nothing_itself() -> None:
    told: list[str] = []
    with Patience(lambda: "dpkg", told.append):
        interrupt()
        assert told == []


def test_the_second_interrupt_ends_the_run_at_once() -> None:
    told: list[str] = []
    with Patience(lambda: "dpkg", told.append) as patience:
        interrupt()
        patience.look()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert told == [SAID]


def test_where_nothing_is_busy_the_first_interrupt_ends_the_run() -> None:
    told: list[str] = []
    with Patience(lambda: "", told.append), pytest.raises(KeyboardInterrupt):
        interrupt()
    assert told == []
    with pytest.raises(KeyboardInterrupt):
        interrupt()  # Python's own handler is back


def test_another_handler_stays() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Patience(lambda: "dpkg", lambda _: None) as patience:
            interrupt()
            patience.check()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
