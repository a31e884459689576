"""What is known of the words of failed commands: how to mend what they complain about."""

from __future__ import annotations

import re

_KNOWN = (
    (
        r"Unable to locate package|has no installation candidate",
        "look for its name with `apt-cache search`; it may come from a source of its own",
    ),
    (r"Version '.*' for '(.*)' was not found", "`apt-cache policy {0}` shows which there are"),
    (r"does not have a Release file", "look at the address and the suites of the source"),
    (
        r"Packages need to be removed but remove is disabled",
        "say which package must be absent: nothing is removed that the plan does not show",
    ),
    (
        r"unmet dependencies|held broken packages",
        "see what holds it back with `apt-get --simulate install`",
    ),
    (
        r"Temporary failure resolving|Could not resolve|Could not connect",
        "look at the machine's network, name server and proxy",
    ),
    (
        r"Hash Sum mismatch|unexpected size|Connection closed|unexpected eof",
        "try again; where it stays, the server or a proxy on the way spoils what it sends",
    ),
    (r"No space left on device", "make room: `df -h` shows where there is none"),
    (r"Job for (\S+) failed", "`journalctl -u {0}` on the machine tells why"),
    (r"Unit (\S+) not found", "check the name, or give the unit a file"),
    (r"invalid (user|group): ", "name one that exists, or let the environment make it"),
)


def advise(words: str) -> str:
    """Return a hint for what a command said before it failed; "" where nothing is known."""
    for sign, hint in _KNOWN:
        if found := re.search(sign, words):
            return hint.format(*found.groups())
    return ""
