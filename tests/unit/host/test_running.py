"""Running commands: what they wait for, and how far they are."""

from __future__ import annotations

import pytest

from envwright.host.running import Listener, is_status, progress


def test_what_a_command_waits_for_is_told_once_whatever_the_pieces() -> None:
    said = (
        b"Reading lists...\nWaiting for cache lock: lock A. It is held by process 7 (apt)...\r"
        b"Waiting for cache lock: lock A. It is held by process 7 (apt)... \n"
        b"note: Waiting for cache lock: none\nWaiting for cache lock: lock B\n"
        b"Waiting for cache lock: cut off"
    )
    for size in (1, 7, len(said)):
        told: list[str] = []
        listener = Listener(told.append, lambda _: None)
        for start in range(0, len(said), size):
            listener(said[start : start + size])
        assert told == ["lock A. It is held by process 7 (apt)", "lock B"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dlstatus:3:12.5000:Retrieving file 3 of 12 (41s remaining)",
         "12 %  Retrieving file 3 of 12 (41s remaining)"),
        ("pmstatus:libc6:amd64", "amd64"),
        ("pmstatus:git:45.4545:Unpacking git (amd64)", "45 %  Unpacking git (amd64)"),
        ("pmstatus:dpkg-exec:0.0000:Running dpkg", "0 %  Running dpkg"),
        ("pmerror:git:60:installed git package post-installation script",
         "60 %  installed git package post-installation script"),
        ("#####################             45.2%", "45.2%"),
        ("Receiving objects:  31% (31/100)", "Receiving objects:  31% (31/100)"),
        ("   Compiling x v1.0  ", "Compiling x v1.0"),
        ("   ", ""),
    ],
)  # fmt: skip
def test_a_line_of_output_tells_how_far_its_program_is(line: str, said: str) -> None:
    assert progress(line) == said


def test_lines_that_are_there_for_progress_alone_are_known() -> None:
    lines = [
        "dlstatus:1:2:x",
        "pmstatus:git:4.5:Unpacking git",
        "status: fine",
        "git: pmstatus:a:1:b",
    ]
    assert [is_status(line) for line in lines] == [True, True, False, False]


def test_the_last_line_that_says_something_is_progress_and_silence_is_told_as_nothing() -> None:
    told: list[str] = []
    listener = Listener(lambda _: None, told.append)
    for piece in (b"", b"one\ntwo\n\n", b"three", b"", b" and more\r"):
        listener(piece)
    assert told == ["", "two", "", "", "three and more"]


def test_dpkg_must_not_be_cut_off_and_apts_downloads_may() -> None:
    listener = Listener(lambda _: None, lambda _: None)
    seen = []
    for piece in (b"dlstatus:1:20:Retrieving\n", b"pmst", b"atus:x:20:Unpacking\n", b"more\n"):
        listener(piece)
        seen.append(listener.busy)
    assert seen == ["", "", "dpkg", "dpkg"]
