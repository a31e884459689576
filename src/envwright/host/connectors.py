"""Hosts by name (`@local`, `@ssh/dev@box`, ...): the way to a shell on each, and what went wrong.

A connector is one entry of `CONNECTORS`. All of them end in a POSIX shell that evaluates the first
line of its stdin, so nothing has to survive the quoting of ssh, of a login shell that is fish or
tcsh, of docker or of wsl.exe. The environment variable ENVWRIGHT_SSH_OPTIONS holds further words
for ssh, quoted as in a shell.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import HostError
from envwright.host.process import ignores_signals
from envwright.host.shell import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

# What ignored a signal from its start, as under nohup, cannot take it back by a trap; env(1) can,
# where it is that of coreutils.
_HEED = (
    'heed="env --default-signal=HUP,INT"; $heed true 2>/dev/null || heed=; exec $heed sh -c "$1"'
)
_SHELL = ("sh", "-c", 'IFS= read -r first; eval "$first"')
_LINE = 500
"""Characters of a program's line that an error shows."""
_CONFIG_SECONDS = 10
"""How long `ssh -G` may take: a `Match exec` of the user's runs a program."""


class Sign(NamedTuple):
    """Words of a program that tell a known failure; `what` and `hint` may name {rest}."""

    words: str
    what: str
    hint: str


class Route(NamedTuple):
    """The way to a host: the program to start, and what is known of its failures."""

    host: str
    argv: tuple[str, ...]
    enter: tuple[str, ...] = ()
    """Words before the privileged shell: it is entered after the rights are there."""
    signs: tuple[Sign, ...] = ()
    root: bool = False
    """Its shell is known to be root's: nobody has to ask who it is."""
    by_hand: str = "sh"
    """How a person starts a shell there."""

    def explain_silence(self, stderr: str, limit: object) -> HostError:
        """Say that no shell answered: the program went past a limit."""
        what = f"{self.host}: no shell answered: {limit}"
        return HostError(
            "\n".join(filter(None, [what, last_line(stderr)])),
            hint=f"see whether one does by hand: {self.by_hand}",
        )

    def blame(self, stderr: str, code: int) -> HostError:
        """Say why the program ended with `code` before there was a shell."""
        rest = self.host.partition("/")[2] or self.host
        evidence = last_line(stderr)
        for sign in (*self.signs, _TOOLS):
            if sign.words.lower() in stderr.lower():
                return HostError(
                    "\n".join(filter(None, [f"{self.host}: {sign.what}", evidence])),
                    hint=sign.hint.format(rest=rest),
                )
        what = f"{self.host}: {self.argv[0]} ended with code {code} before a shell answered"
        return HostError("\n".join(filter(None, [what, evidence])))


class Connector(NamedTuple):
    """One kind of host: how it is written, and the way to the host that `rest` names."""

    form: str
    route: Callable[[str, str, bool], Route]


class PasswordNeededError(HostError):
    """sudo asks `user` for a password."""

    def __init__(self, host: str, user: str) -> None:
        super().__init__(
            f"{host}: sudo asks {user} for a password, and nobody is there to give it",
            hint="run envwright in a terminal, or give the user a NOPASSWD rule",
        )
        self.user = user


def last_line(stderr: str) -> str:
    """The last line that says something, cut where it is endless; "" where none does."""
    lines = [line.strip() for line in stderr.splitlines()]
    line = next(filter(None, reversed(lines)), "")
    return line if len(line) <= _LINE else f"{line[:_LINE]}..."


def find_route(host: str, *, interactive: bool = False) -> Route:
    """The way to `host`; a name that does not begin with @ is one of ssh.

    Args:
        host: the host as named.
        interactive: ssh may ask somebody for a password.

    Raises:
        HostError: the name says no host.
    """
    connector, _, rest = (host if host.startswith("@") else f"@ssh/{host}").partition("/")
    if connector not in CONNECTORS:
        from difflib import get_close_matches  # noqa: PLC0415  only an error needs it

        close = get_close_matches(connector, CONNECTORS, n=1)
        raise HostError(
            f"{host}: there is no connector {connector}"
            + (f"; did you mean {close[0]}?" if close else ""),
            hint=_FORMS,
        )
    if bool(rest) != ("/" in CONNECTORS[connector].form):
        what = "takes no name" if rest else "needs a name"
        raise HostError(f"{host or '(no name)'}: {connector} {what}", hint=_FORMS)
    return CONNECTORS[connector].route(host, rest, interactive)


def _local(host: str, _rest: str, _interactive: bool) -> Route:  # noqa: FBT001  a table calls it
    return Route(host, _SHELL, root=os.geteuid() == 0)


def ssh_address(rest: str) -> tuple[str, str, str]:
    """Split `[user@]host[:port]` into user, host and port; "" for what it leaves out."""
    user, _, place = rest.rpartition("@")
    if place.startswith("["):
        name, _, port = place[1:].partition("]")
        return user, name, port.removeprefix(":")
    name, _, port = place.partition(":") if place.count(":") == 1 else (place, "", "")
    return user, name, port


def _ssh(host: str, rest: str, interactive: bool) -> Route:  # noqa: FBT001  a table calls it
    user, name, port = ssh_address(rest)
    if not name or name.startswith("-") or user.startswith("-") or (port and not port.isdecimal()):
        raise HostError(f"{host}: this is no [user@]host[:port]", hint=_FORMS)
    try:
        options = shlex.split(os.environ.get("ENVWRIGHT_SSH_OPTIONS", ""))
    except ValueError as error:
        raise HostError(
            f"ENVWRIGHT_SSH_OPTIONS cannot be split into words: {error}",
            hint="write it as a shell would read it, such as -F /path/config",
        ) from None
    argv = ["ssh", *options, *(["-p", port] if port else [])]
    target = ["--", f"{user}@{name}" if "@" in rest else name]
    argv += _timeouts([*argv, "-G", *target])
    if not interactive:
        argv += ["-o", "BatchMode=yes"]
    argv += ["-T", "-o", "RemoteCommand=none", "-o", "ClearAllForwardings=yes", *target]
    argv.append(f"exec {shlex.join(_SHELL)}")
    return Route(host, tuple(argv), signs=_SSH_SIGNS, by_hand=f"ssh {rest}")


_SSH_TIMEOUTS = (
    (b"connecttimeout none", ("ConnectTimeout=10",)),
    # A connection that breaks without a word is noticed after a minute (ssh_config(5)).
    (b"serveraliveinterval 0", ("ServerAliveInterval=15", "ServerAliveCountMax=4")),
)
"""How `ssh -G` shows that the user's configuration says nothing, and what we say then."""


def _timeouts(show_config: list[str]) -> list[str]:
    """Options for what the user's own configuration leaves open: ours would win over it."""
    try:
        import subprocess  # noqa: PLC0415 - 4 ms that only ssh needs

        done = subprocess.run(
            show_config,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_CONFIG_SECONDS,
        )
        shown = done.stdout.splitlines() if done.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        shown = []  # starting the session will say what is wrong
    unset = [ours for sign, ours in _SSH_TIMEOUTS if not shown or sign in shown]
    return [word for options in unset for option in options for word in ("-o", option)]


def _container(program: str) -> Callable[[str, str, bool], Route]:
    def route(host: str, rest: str, _interactive: bool) -> Route:  # noqa: FBT001  a table calls it
        if rest.startswith("-"):
            raise HostError(f"{host}: this is no container", hint=_FORMS)
        argv = (program, "exec", "-i", "-u", "0", rest, *_SHELL)
        by_hand = f"{program} exec -i {rest} sh"
        return Route(host, argv, signs=_CONTAINER_SIGNS, root=True, by_hand=by_hand)

    return route


def _chroot(host: str, rest: str, _interactive: bool) -> Route:  # noqa: FBT001  a table calls it
    if not rest.startswith("/"):
        raise HostError(f"{host}: the directory is not absolute", hint="write @chroot//srv/root")
    if not os.path.isdir(rest):  # noqa: PTH112  pathlib would cost an import of 5 ms
        raise HostError(f"{host}: there is no directory {rest}", hint="make it with debootstrap")
    if not os.path.lexists(f"{rest}/bin/sh"):
        raise HostError(
            f"{host}: {rest} holds no bin/sh", hint="make a system in it with debootstrap"
        )
    enter = ("chroot", rest)
    return Route(host, _SHELL, enter, root=os.geteuid() == 0, by_hand=f"chroot {rest} sh")


CONNECTORS = {
    "@local": Connector("@local", _local),
    "@ssh": Connector("@ssh/[user@]host[:port]", _ssh),
    "@docker": Connector("@docker/ID", _container("docker")),
    "@podman": Connector("@podman/ID", _container("podman")),
    "@chroot": Connector("@chroot/DIR", _chroot),
}
_FORMS = "a host is " + ", ".join(entry.form for entry in CONNECTORS.values()) + " or a name of ssh"

_SSH_SIGNS = (
    Sign(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key has changed",
        "find out why; where it was installed anew, forget the old key with ssh-keygen -R",
    ),
    Sign(
        "Host key verification failed",
        "its host key is not known here",
        "connect once by hand, compare the fingerprint and accept it: ssh {rest}",
    ),
    Sign("Permission denied", "it let nobody in", "try the user and the key by hand: ssh {rest}"),
    Sign("Could not resolve", "its name is not known", "check the name, or write its address"),
    Sign(
        "Connection refused",
        "nothing listens on its ssh port",
        "check the port, and that sshd runs there",
    ),
    Sign("timed out", "it does not answer", "check that it is up, and the way to it"),
    Sign("No route to host", "it cannot be reached", "check that it is up, and the way to it"),
    Sign("unreachable", "it cannot be reached", "check that it is up, and the way to it"),
)
_CONTAINER_SIGNS = (
    Sign("no container with", "there is no such container", "see which there are: podman ps -a"),
    Sign("No such container", "there is no such container", "see which there are: docker ps -a"),
    Sign("is not running", "the container is stopped", "start it: docker start {rest}"),
    Sign("on running containers", "the container is stopped", "start it: podman start {rest}"),
    Sign("is paused", "the container is paused", "let it go on: docker unpause {rest}"),
    Sign(
        "permission denied while trying to connect",
        "you may not use the Docker engine",
        "join the group docker, or run envwright as root",
    ),
    Sign(
        "connect to the docker",
        "the Docker engine does not answer",
        "start it: systemctl start docker",
    ),
    Sign(
        "error during connect",
        "the Docker engine does not answer",
        "start it: systemctl start docker",
    ),
    Sign("executable file not found", "it has no sh", "use an image that has a POSIX shell"),
)
_TOOLS = Sign(
    "not found",
    "it lacks a program that every session needs",
    "install coreutils and util-linux there",
)


def first_line(route: Route, token: str, *, privileged: bool, asking: bool) -> str:
    """The line that makes a session of the shell that `route` reaches.

    Args:
        route: the way to the host.
        token: a nonce, by which stderr tells how it went. `token?`: sudo asks for a password;
            `token!`: it let us in; `token` and a blank: there is no way (see `blame_sudo`).
        privileged: be root, by sudo where need be.
        asking: sudo may read a password from stdin; else it must not ask.
    """
    enter = "".join(f"{shlex.quote(word)} " for word in route.enter)
    program = f"echo '{token}!' >&2; {PROGRAM}" if asking else PROGRAM
    # A session leads a process group of its own, which can be hung up without touching any other.
    # setsid does not fork where it is a child of sh; sudo may make its child the leader of a group.
    begin = f"session={shlex.quote(program)}; PATH=$PATH:/usr/sbin:/sbin; export LC_ALL=C"
    begun = "sh -c" if not ignores_signals() else f"sh -c {shlex.quote(_HEED)} sh"
    plain = f'{enter}setsid {begun} "$session"; exit'
    if route.root or not privileged:
        return f"{begin}; {plain}\n"
    ask = f"-S -p '{token}?'" if asking else "-n"
    inner = shlex.quote(f'setsid {begun} "$1"; exit')
    return (
        f'{begin}; if [ "$(id -u)" = 0 ]; then {plain}; fi; '
        f'command -v sudo >/dev/null || {{ echo "{token} missing $(id -un)" >&2; exit 1; }}; '
        f'sudo {ask} -H {enter}sh -c {inner} sh "$session"; '
        f'[ $? != 1 ] || echo "{token} refused $(id -un)" >&2; exit\n'
    )


_NO_RULE = ("not in the sudoers file", "may not run sudo", "not allowed", "I can't do that")
"""What sudo, and at last sudo-rs, say to a user whom no rule lets in."""


def blame_sudo(host: str, stderr: str, token: str) -> HostError | None:
    """What `first_line` told with its token of the way to be root; None where it told nothing."""
    words, told, tail = stderr.rpartition(f"{token} ")
    if not told:
        return None
    verdict, _, user = tail.splitlines()[0].partition(" ")
    if verdict == "missing":
        return HostError(
            f"{host}: {user} is not root, and there is no sudo",
            hint="run envwright as root, or install sudo and give the user a rule",
        )
    if any(sign in words for sign in _NO_RULE):
        return HostError(
            f"{user} may not use sudo on {host}",
            hint=f"let root add a rule for {user} with visudo, or use another user",
        )
    if "password is required" in words or "authentication is required" in words:
        return PasswordNeededError(host, user)
    return HostError(f"{host}: sudo failed for {user}\n{last_line(words)}")
