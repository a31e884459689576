"""Advice: what of a command's words tells something, and what to do about it."""

from __future__ import annotations

import pytest

from envwright.host.error_hints import Listener, advise, evidence

FAILED_UPDATE = """\
Reading package lists...
Err:1 http://x.test trixie InRelease
  404  Not Found [IP: 10.0.0.1 80]
E: The repository 'http://x.test trixie Release' does not have a Release file.
E: Failed to fetch http://x.test/a  404  Not Found [IP: 10.0.0.1 80]
E: Some index files failed to download. They have been ignored, or old ones used instead.
W: Something else
E: Failed to fetch http://x.test/a  404  Not Found [IP: 10.0.0.2 80]
"""


def test_of_a_failed_update_the_errors_are_told_once_and_without_addresses() -> None:
    assert evidence(FAILED_UPDATE) == [
        "E: The repository 'http://x.test trixie Release' does not have a Release file.",
        "E: Failed to fetch http://x.test/a 404 Not Found",
        "W: Something else",
    ]


def test_where_a_package_itself_failed_all_its_words_are_told() -> None:
    words = "Setting up x\n\nx.postinst: no  disk\nE: Sub-process /usr/bin/dpkg returned an error\n"
    assert evidence(words) == [
        "Setting up x",
        "x.postinst: no disk",
        "E: Sub-process /usr/bin/dpkg returned an error",
    ]


def test_a_staged_file_is_called_by_the_name_that_it_would_have_got() -> None:
    words = "/run/envwright-0123456789abcdef/etc/sudoers.d/dev:1:5: syntax error\n    dev ALL"
    assert evidence(words) == ["/etc/sudoers.d/dev:1:5: syntax error", "    dev ALL"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("E: Version '9' for 'jq' was not found", "`apt-cache policy jq` shows which there are"),
        ("E: Unable to locate package x", "look for its name with `apt-cache search`"),
        ("Job for x.service failed because", "`journalctl -u x.service` on the machine tells why"),
        ("cp: a: No space left on device", "make room: `df -h` shows where there is none"),
        (
            "application not healthy after 5m0s",
            "where its services only take longer to start, let the stack `wait` longer",
        ),
        ("u has the SHA-256 ab, not cd: nothing was unpacked", "try again"),
        ("proxyconnect tcp: no", "look at the machine's network, name server and proxy"),
        ("nobody has seen this before", ""),
    ],
)
def test_what_is_known_has_a_hint(words: str, hint: str) -> None:
    assert advise(words).partition(";")[0] == hint


def test_what_a_command_waits_for_is_told_once_whatever_the_pieces() -> None:
    said = (
        b"Reading lists...\nWaiting for cache lock: lock A. It is held by process 7 (apt)...\r"
        b"Waiting for cache lock: lock A. It is held by process 7 (apt)... \n"
        b"note: Waiting for cache lock: none\nWaiting for cache lock: lock B\n"
        b"Waiting for cache lock: cut off"
    )
    for size in (1, 7, len(said)):
        told: list[str] = []
        listener = Listener(told.append)
        for start in range(0, len(said), size):
            listener(said[start : start + size])
        assert told == ["lock A. It is held by process 7 (apt)", "lock B"]
