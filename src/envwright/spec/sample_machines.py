"""Sample machines, one of each kind, for which `check` compiles an environment.

A sample machine is as its installer leaves it: it has the accounts that every Debian has, and no
account of a person.
"""

from __future__ import annotations

from envwright.errors import EnvwrightError
from envwright.facts import Account, Accounts, Machine
from envwright.spec.messages import quoted, suggestion

# base-passwd: group.master and passwd.master, which Ubuntu has from Debian; the user _apt is apt's.
_GROUPS = (
    "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 news:9 uucp:10 man:12 proxy:13 "
    "kmem:15 dialout:20 fax:21 voice:22 cdrom:24 floppy:25 tape:26 sudo:27 audio:29 dip:30 "
    "www-data:33 backup:34 operator:37 list:38 irc:39 src:40 shadow:42 utmp:43 video:44 sasl:45 "
    "plugdev:46 staff:50 games:60 users:100 nogroup:65534"
)
_USERS = (
    "root:0:root:/root daemon:1:daemon:/usr/sbin bin:2:bin:/bin sys:3:sys:/dev "
    "sync:4:nogroup:/bin games:5:games:/usr/games man:6:man:/var/cache/man "
    "lp:7:lp:/var/spool/lpd mail:8:mail:/var/mail news:9:news:/var/spool/news "
    "uucp:10:uucp:/var/spool/uucp proxy:13:proxy:/bin www-data:33:www-data:/var/www "
    "backup:34:backup:/var/backups list:38:list:/var/list irc:39:irc:/run/ircd "
    "_apt:42:nogroup:/nonexistent nobody:65534:nogroup:/nonexistent"
)
_SHELLS = {"root": "/bin/bash", "sync": "/bin/sync"}


def _account(name: str, uid: str, group: str, home: str) -> Account:
    shell = _SHELLS.get(name, "/usr/sbin/nologin")
    return Account(name, int(uid), group, home, shell, ())


_ACCOUNTS = Accounts(
    users={line.partition(":")[0]: _account(*line.split(":")) for line in _USERS.split()},
    groups={name: (int(gid), ()) for name, _, gid in (g.partition(":") for g in _GROUPS.split())},
)


def _machine(distro: str, release: str, codename: str, kernel: str, *, wsl: bool) -> Machine:
    return Machine(
        distro=distro,
        release=release,
        codename=codename,
        architecture="amd64",
        kernel="6.6.87.2-microsoft-standard-WSL2" if wsl else kernel,
        wsl=wsl,
        distribution={"debian": "Debian"}.get(distro, f"Ubuntu-{release}") if wsl else "",
        booted=True,
        accounts=_ACCOUNTS,
    )


_RELEASES = (
    ("debian", "13", "trixie", "6.12.0-amd64"),
    ("debian", "12", "bookworm", "6.1.0-amd64"),
    ("ubuntu", "26.04", "resolute", "7.0.0-generic"),
    ("ubuntu", "24.04", "noble", "6.8.0-generic"),
    ("ubuntu", "22.04", "jammy", "5.15.0-generic"),
)

KINDS = {
    f"{distro}-{release}{'-wsl' if wsl else ''}": _machine(
        distro, release, codename, kernel, wsl=wsl
    )
    for wsl in (False, True)
    for distro, release, codename, kernel in _RELEASES
}
"""A sample machine of each kind, by the kind's name, such as `ubuntu-24.04-wsl`."""
MACHINES = tuple(KINDS.values())
"""The sample machines; the last ones run under WSL."""


def kinds(text: str) -> tuple[str, ...]:
    """Return the kinds that a list with commas names.

    Raises:
        EnvwrightError: there is no such kind.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in KINDS:
            message = f"there is no kind of machine {quoted(name)}{suggestion(name, KINDS)}"
            raise EnvwrightError(message, hint=f"the kinds are {', '.join(KINDS)}")
    return names
