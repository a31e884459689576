"""The way over ssh: a real sshd on loopback, with keys made for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from envwright.errors import HostError
from envwright.host.limits import STEP
from envwright.host.session import Result, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

SSHD = "/usr/sbin/sshd"
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="sshd lets other users in only as root"),
    pytest.mark.skipif(not Path(SSHD).exists(), reason="there is no sshd"),
]


class Server(NamedTuple):
    """A running sshd that logs to `log`; `config` makes a client trust it and know the key."""

    home: Path
    port: int

    @property
    def host(self) -> str:
        """The name of the host, with root as the user."""
        return f"@ssh/root@127.0.0.1:{self.port}"

    @property
    def target(self) -> str:
        """What a person writes after `ssh`."""
        return self.host.removeprefix("@ssh/")

    def logins(self) -> int:
        """How many connections were accepted."""
        return (self.home / "log").read_text().count("Accepted publickey")


def make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", path], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_listener(port: int) -> None:
    until = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < until, "sshd does not listen"
            time.sleep(0.01)


def write_client_config(server: Server) -> None:
    host_key = (server.home / "host.pub").read_text()
    known = server.home / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {host_key}")
    (server.home / "config").write_text(
        f"IdentityFile {server.home}/user\nIdentitiesOnly yes\nIdentityAgent none\n"
        f"UserKnownHostsFile {known}\nGlobalKnownHostsFile none\nStrictHostKeyChecking yes\n"
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ewtest-") as name:
        server = Server(Path(name), free_port())
        server.home.chmod(0o755)  # sshd reads the keys of a user as that user
        make_key(server.home / "host")
        make_key(server.home / "user")
        shutil.copy(server.home / "user.pub", server.home / "authorized_keys")
        config = server.home / "sshd_config"
        config.write_text(
            f"Port {server.port}\nListenAddress 127.0.0.1\nHostKey {server.home}/host\n"
            f"AuthorizedKeysFile {server.home}/authorized_keys\nPidFile none\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nStrictModes no\n"
            f"KbdInteractiveAuthentication no\nBanner {server.home}/banner\n"
        )
        (server.home / "banner").write_text("Welcome to this machine\n")
        Path("/run/sshd").mkdir(exist_ok=True)
        argv = [SSHD, "-D", "-f", str(config), "-E", str(server.home / "log")]
        with subprocess.Popen(argv) as process:
            try:
                await_listener(server.port)
                yield server
            finally:
                process.terminate()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    write_client_config(running)
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {running.home}/config")
    monkeypatch.setattr("sys.stdin", None)
    return running


def error_of(host: str) -> list[str]:
    """The lines of the error of opening a session."""
    with pytest.raises(HostError) as raised:
        open_session(host)
    return str(raised.value).splitlines()


def make_user(name: str, *options: str) -> None:
    subprocess.run(["useradd", "--no-create-home", "--user-group", *options, name], check=True)
    # without a password the account is locked, and sshd lets nobody in
    subprocess.run(["chpasswd"], input=f"{name}:{os.urandom(9).hex()}\n", text=True, check=True)


def test_a_session_is_one_login_and_nothing_of_the_banner(server: Server) -> None:
    before = server.logins()
    with open_session(server.host, hello="id -un") as session:
        assert (session.name, session.hello) == (server.host, Result(0, b"root\n", b""))
        assert session.run("cat; echo e >&2; exit 7", stdin=b"\0\xff") == Result(
            7, b"\0\xff", b"e\n"
        )
        session.put(b"x" * 1_000_000, str(server.home / "put"))
        assert session.get(str(server.home / "put"))[1] == b"x" * 1_000_000
        assert session.round_trips == 3
    assert server.logins() == before + 1


def test_a_user_with_sudo_is_root_after_one_login(server: Server) -> None:
    if not shutil.which("sudo"):
        pytest.skip("there is no sudo")
    name = f"ewtest-{os.getpid()}"
    rule = Path("/etc/sudoers.d") / name
    before = server.logins()
    make_user(name)
    try:
        rule.write_text(f"{name} ALL=(ALL) NOPASSWD: ALL\n")
        rule.chmod(0o440)
        with open_session(f"{name}@127.0.0.1:{server.port}", hello="id -un") as session:
            assert session.hello == Result(0, b"root\n", b"")
    finally:
        rule.unlink(missing_ok=True)
        subprocess.run(["userdel", "-f", name], check=True, capture_output=True)
    assert server.logins() == before + 1


@pytest.mark.parametrize("shell", ["fish", "mksh", "tcsh", "zsh"])
def test_the_login_shell_need_not_be_posix(server: Server, shell: str) -> None:
    path = shutil.which(shell)
    if not path:
        pytest.skip(f"there is no {shell}")
    name = f"ewtest-{os.getpid()}"
    make_user(name, "--shell", path)
    try:
        host = f"{name}@127.0.0.1:{server.port}"
        with open_session(host, hello='echo "$0\'\\!"', privileged=False) as session:
            assert session.hello == Result(0, b"sh'\\!\n", b"")
    finally:
        subprocess.run(["userdel", "-f", name], check=True, capture_output=True)


def test_a_session_that_is_hung_up_ends_what_runs_there(server: Server) -> None:
    pids: list[bytes] = []
    with (
        open_session(server.host) as session,
        pytest.raises(HostError, match=f"^{server.host}: no end after 0.2 s: sleep 1000"),
    ):
        session.run("sleep 1000 & echo $!; wait", limits=STEP.within(0.2), on_output=pids.append)
    until = time.monotonic() + 3
    while (alive := Path(f"/proc/{int(pids[0])}").exists()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive


def test_a_connection_that_breaks_is_told_with_its_last_words(server: Server) -> None:
    with open_session(server.host) as session, pytest.raises(HostError) as raised:
        session.run("echo going down >&2; kill -9 $(awk '/PPid/ {print $2}' /proc/$PPID/status)")
    assert str(raised.value).splitlines()[0] == (
        f"{server.host}: the connection was lost while it ran: "
        "echo going down >&2; kill -9 $(awk '/PPid/ {print $2}' /proc"
    )


def test_a_key_that_is_not_known_there_is_told(server: Server) -> None:
    (server.home / "other").unlink(missing_ok=True)
    make_key(server.home / "other")
    config = server.home / "config"
    config.write_text(config.read_text().replace("/user\n", "/other\n", 1))
    assert error_of(server.host) == [
        f"{server.host}: it let nobody in",
        "root@127.0.0.1: Permission denied (publickey).",
        f"hint: try the user and the key by hand: ssh {server.target}",
    ]


@pytest.mark.usefixtures("server")
def test_a_port_on_which_nothing_listens_is_told() -> None:
    host = f"@ssh/root@127.0.0.1:{free_port()}"
    assert error_of(host) == [
        f"{host}: nothing listens on its ssh port",
        f"ssh: connect to host 127.0.0.1 port {host.rpartition(':')[2]}: Connection refused",
        "hint: check the port, and that sshd runs there",
    ]


def test_a_host_key_that_has_changed_is_told(server: Server) -> None:
    known = server.home / "known_hosts"
    key = (server.home / "user.pub").read_text()
    known.write_text(f"[127.0.0.1]:{server.port} {key}")
    assert error_of(server.host) == [
        f"{server.host}: its host key has changed",
        "Host key verification failed.",
        "hint: find out why; where it was installed anew, forget the old key with ssh-keygen -R",
    ]


def test_a_host_key_that_is_not_known_is_told(server: Server) -> None:
    (server.home / "known_hosts").write_text("")
    assert error_of(server.host) == [
        f"{server.host}: its host key is not known here",
        "Host key verification failed.",
        f"hint: connect once by hand, compare the fingerprint and accept it: ssh {server.target}",
    ]


@pytest.mark.usefixtures("server")
def test_a_name_that_is_not_known_is_told() -> None:
    lines = error_of("@ssh/no-such-host.invalid")
    assert (lines[0], lines[2]) == (
        "@ssh/no-such-host.invalid: its name is not known",
        "hint: check the name, or write its address",
    )


def test_a_server_that_says_nothing_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {server.home}/config -o ConnectTimeout=1")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"@ssh/root@127.0.0.1:{mute.getsockname()[1]}"
        lines = error_of(host)
    assert (lines[0], lines[2]) == (
        f"{host}: it does not answer",
        "hint: check that it is up, and the way to it",
    )
