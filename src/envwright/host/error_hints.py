"""What failed commands say: the lines that tell something, and how to mend what they say."""

from __future__ import annotations

import re

from envwright.host.running import is_status

_NOISE = (
    "Reading package lists",
    "Building dependency tree",
    "Reading state information",
    "E: Some index files failed to download.",
    "E: The list of sources could not be read.",
)
"""How lines begin that apt-get writes whatever is wrong."""
_KNOWN = (
    (r"Version '.*' for '(.*)' was not found", "`apt-cache policy {0}` shows which there are"),
    (
        r"does the network require authentication|511 +Network Authentication Required",
        (
            "something on the way answered instead, as a network does that wants a login first: "
            "log in there, or look at the proxy"
        ),
    ),
    (
        r"407 +Proxy Authentication|response 407",
        (
            "the proxy wants a login: give apt its address with user and password, as "
            "`Acquire::http::Proxy` in /etc/apt/apt.conf.d"
        ),
    ),
    (
        r"\b(?:429 +Too Many|50[0234] +[A-Z])",
        "the server, or a proxy on the way, cannot answer now: try again later",
    ),
    (
        r"\b40[13] +[A-Z]",
        (
            "the server does not let this machine in: look at the address, and at "
            "/etc/apt/auth.conf.d where the source wants a login"
        ),
    ),
    (
        r"Unable to locate package|has no installation candidate",
        "look for its name with `apt-cache search`; it may come from a source of its own",
    ),
    (
        r"is not valid yet \(invalid for another",
        (
            "the machine's clock is behind, or the server's is ahead: `date` on the machine tells; "
            "`timedatectl set-ntp true` sets it, under WSL `wsl --shutdown` in Windows does"
        ),
    ),
    (
        r"is expired \(invalid since",
        (
            "the machine's clock is ahead (`date` on the machine tells), or nobody keeps the "
            "source up to date any more: ask who publishes it"
        ),
    ),
    (
        r"Could not get lock \S+ It is held by process (\d+) \(([^)]*)\)",
        (
            "wait until {1} has ended, and run this again; `ps -fp {0}` on the machine shows what "
            "it does"
        ),
    ),
    (r"don't have enough free space in (\S+?)[.]?$", "make room: `df -h {0}` shows what is free"),
    (
        r"Reinstallation of (\S+) is not possible",
        "no source has the version that is installed: `apt-get install {0}` takes a newer one",
    ),
    (
        r"is not signed",
        "compare the key's fingerprint with the one that the publisher announces for this source",
    ),
    (
        r"Conflicting values set for option Signed-By",
        "the same address is in another file of /etc/apt/sources.list.d: remove that one",
    ),
    (
        r"does not have a Release file",
        (
            "look at the address and the suites of the source; where its publisher has nothing for "
            "this release yet, `suites` can name an older one"
        ),
    ),
    (
        r"Packages need to be removed but remove is disabled",
        "say which package must be absent: nothing is removed that the plan does not show",
    ),
    (
        r"unmet dependencies|held broken packages",
        "see what holds it back with `apt-get --simulate install`",
    ),
    (
        r"Failed to fetch \w+://([^/\s]+)\S*\s+Connection (?:failed|timed out)",
        (
            "{0}, or a proxy on the way, takes the connection and sends nothing: try again later, "
            "or see whose source it is with `grep -r {0} /etc/apt`"
        ),
    ),
    (
        r"has not ended after \d+ s; it still fetches from (\S+)",
        (
            "{0}, or the way to it, is too slow: try again later, or see whose source it is with "
            "`grep -r {0} /etc/apt`"
        ),
    ),
    (
        r"Temporary failure resolving|Could not resolve|Could not connect|proxyconnect",
        "look at the machine's network, name server and proxy",
    ),
    (
        r"Hash Sum mismatch|unexpected size|Connection closed|unexpected eof",
        "try again; where it stays, the server or a proxy on the way spoils what it sends",
    ),
    (
        r"application not healthy after",
        "where its services only take longer to start, let the stack `wait` longer",
    ),
    (
        r"has the SHA-256 \S+, not",
        "try again; where it stays, compare with the checksum that the publisher announces",
    ),
    (r"No space left on device", "make room: `df -h` shows where there is none"),
    (
        (
            r": syntax error|Unknown key|outside of section|Malformed (entry|stanza)|"
            r"bad config line|parse error at line|[Bb]ad configuration option|unsupported option"
        ),
        "mend that line; what was there before still holds",
    ),
    (
        r"unable to configure the Docker daemon",
        "mend the key that it names; the daemon still has the file as it was",
    ),
    (r"Job for (\S+) failed", "`journalctl -u {0}` on the machine tells why"),
    (
        r"(?m)^\S*sh: \d+: (\S+): not found",
        "the machine lacks the program {0}, or root's PATH its folder: install its package",
    ),
    (r"Unit (\S+) not found", "check the name, or give the unit a file"),
    (
        r"Can't lookup blockdev|special device \S+ does not exist",
        "`lsblk --fs` shows the devices that there are",
    ),
    (r"dpkg was interrupted", "`dpkg --configure -a` on the machine ends what was cut off"),
)


_STAGED = re.compile(r"/(?:run|tmp)/envwright-[0-9a-f]{16}(?=/)")
"""Below which folder a file is staged, by its full path (see safepath/change.pl)."""


def evidence(words: str) -> list[str]:
    """Return the lines that tell something.

    Of apt-get's own failures these are its errors and warnings, without addresses that differ from
    try to try.
    """
    words = re.sub(r"(?<=\S) {2,}", " ", re.sub(r" \[IP: [^]]*\]", "", words))
    words = _STAGED.sub("", words)
    told = (line.rstrip() for line in words.splitlines() if not is_status(line))
    lines = [line for line in told if not line.startswith(_NOISE)]
    errors = [line for line in lines if line.startswith("E: ")]
    if errors and "Sub-process /usr/bin/dpkg" not in words:
        lines = [line for line in lines if line.startswith(("E: ", "W: "))]
    return [line for line in dict.fromkeys(lines) if line]


def advise(words: str) -> str:
    """Return a hint for what a command said before it failed; "" where nothing is known."""
    for sign, hint in _KNOWN:
        if found := re.search(sign, words):
            return hint.format(*found.groups())
    return ""
