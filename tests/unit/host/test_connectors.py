"""The names of hosts, and what is said of containers and directories."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.errors import HostError
from envwright.host.connectors import find_route
from envwright.host.session import Result, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMS = (
    "\nhint: a host is @local, @ssh/[user@]host[:port], @docker/ID, @podman/ID, @chroot/DIR"
    " or a name of ssh"
)
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="entering a root needs root")
PROGRAMS = ("sh", "cat", "dd", "id", "mv", "rm", "setsid", "sleep")


TIMEOUTS = ["ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=4"]
"""What ssh is told where its configuration says nothing."""


def ssh_words(host: str) -> list[str]:
    """What ssh is told besides the options that are always there."""
    fixed = {"-T", "-o", "RemoteCommand=none", "ClearAllForwardings=yes", "--"}
    return [word for word in find_route(host).argv[1:-1] if word not in fixed]


@pytest.fixture(autouse=True)
def no_terminal_no_user_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", "-F none")


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds a shell, what a session needs, and their libraries."""
    root = tmp_path_factory.mktemp("tiny-root")
    for name in PROGRAMS:
        program = shutil.which(name)
        assert program, name
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        copies = {program: f"bin/{name}"}
        copies |= {word: word[1:] for word in linked.stdout.split() if word.startswith("/")}
        for source, target in copies.items():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / target)
    (root / "dev").mkdir()
    (root / "tmp").mkdir()
    if os.geteuid() == 0:
        os.mknod(root / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    return root


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("@dokcer/web", "@dokcer/web: there is no connector @dokcer; did you mean @docker?"),
        ("@", "@: there is no connector @"),
        ("", "(no name): @ssh needs a name"),
        ("@ssh", "@ssh: @ssh needs a name"),
        ("@docker/", "@docker/: @docker needs a name"),
        ("@local/x", "@local/x: @local takes no name"),
        ("@docker/-v", "@docker/-v: this is no container"),
        ("@ssh/-oProxyCommand=x", "@ssh/-oProxyCommand=x: this is no [user@]host[:port]"),
        ("@ssh/-l@box", "@ssh/-l@box: this is no [user@]host[:port]"),
        ("box:ssh", "box:ssh: this is no [user@]host[:port]"),
        ("dev@", "dev@: this is no [user@]host[:port]"),
    ],
)
def test_a_name_that_means_nothing_is_told_what_a_host_is(host: str, message: str) -> None:
    with pytest.raises(HostError) as raised:
        open_session(host)
    assert str(raised.value) == message + FORMS


@pytest.mark.parametrize(
    ("host", "port", "target"),
    [
        ("box", [], "box"),
        ("@ssh/box", [], "box"),
        ("@ssh/dev@box:2222", ["-p", "2222"], "dev@box"),
        ("dev@corp@box", [], "dev@corp@box"),
        ("@ssh/[::1]:2222", ["-p", "2222"], "::1"),
        ("@ssh/dev@fe80::1", [], "dev@fe80::1"),
    ],
)
def test_a_name_of_ssh_is_user_host_and_port(host: str, port: list[str], target: str) -> None:
    assert ssh_words(host) == ["-F", "none", *port, *TIMEOUTS, "BatchMode=yes", target]


def test_timeouts_of_the_user_stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "my config"
    config.write_text("ConnectTimeout 33\n")
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F '{config}'")
    assert ssh_words("box") == ["-F", str(config), *TIMEOUTS[1:], "BatchMode=yes", "box"]
    config.write_text("ServerAliveInterval 99\n")
    assert ssh_words("box") == ["-F", str(config), TIMEOUTS[0], "BatchMode=yes", "box"]
    own = ["-oConnectTimeout=5", "-oServerAliveInterval=99"]
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F none {' '.join(own)}")
    assert ssh_words("box") == ["-F", "none", *own, "BatchMode=yes", "box"]


def test_a_configuration_that_hangs_ssh_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text('Match exec "sleep 5"\n')
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {config}")
    monkeypatch.setattr("envwright.host.connectors._CONFIG_SECONDS", 0.2)
    assert ssh_words("box") == ["-F", str(config), *TIMEOUTS, "BatchMode=yes", "box"]


def test_ssh_may_ask_where_somebody_is_there() -> None:
    assert "BatchMode=yes" not in find_route("box", interactive=True).argv


def test_ssh_options_that_are_no_words_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", "-F 'open")
    with pytest.raises(HostError) as raised:
        find_route("box")
    assert str(raised.value) == (
        "ENVWRIGHT_SSH_OPTIONS cannot be split into words: No closing quotation\n"
        "hint: write it as a shell would read it, such as -F /path/config"
    )


def test_a_program_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for host, program in (("@podman/x", "podman"), ("box", "ssh"), ("@docker/x", "docker")):
        with pytest.raises(HostError) as raised:
            open_session(host)
        assert str(raised.value) == (
            f"{host}: {program} cannot be started:"
            f" No such file or directory\nhint: install {program} here"
        )


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("srv/x", "the directory is not absolute\nhint: write @chroot//srv/root"),
        ("/no/such", "there is no directory /no/such\nhint: make it with debootstrap"),
        ("/proc", "/proc holds no bin/sh\nhint: make a system in it with debootstrap"),
    ],
)
def test_a_chroot_has_to_be_a_system(rest: str, message: str) -> None:
    with pytest.raises(HostError) as raised:
        open_session(f"@chroot/{rest}")
    assert str(raised.value) == f"@chroot/{rest}: {message}"


@ROOT
def test_a_session_in_a_chroot_stays_in_it(tiny_root: Path) -> None:
    with open_session(f"@chroot/{tiny_root}", hello="id -u; echo /*") as session:
        assert session.hello == Result(0, b"0\n/bin /dev /lib /lib64 /tmp\n", b"")
        assert session.run("printf inside >/tmp/file").ok
    assert (tiny_root / "tmp/file").read_bytes() == b"inside"


@ROOT
def test_a_shell_that_does_not_start_is_told_with_the_words_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").touch()
    with pytest.raises(HostError) as raised:
        open_session(f"@chroot/{tmp_path}")
    assert str(raised.value) == (
        f"@chroot/{tmp_path}: sh ended with code 127 before a shell answered\n"
        "chroot: failed to run command 'setsid': No such file or directory"
    )


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker client")
def test_an_engine_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    socket = f"unix://{tmp_path}/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", socket)
    with pytest.raises(HostError) as raised:
        open_session("@docker/web")
    lines = str(raised.value).splitlines()
    assert (lines[0], lines[2]) == (
        "@docker/web: the Docker engine does not answer",
        "hint: start it: systemctl start docker",
    )
    assert socket in lines[1]


@pytest.fixture(scope="module")
def container(tiny_root: Path) -> Iterator[str]:
    """The name of a container that was made and never started."""
    name = f"ewtest-{os.getpid()}"
    if not shutil.which("docker"):
        pytest.skip("there is no docker client")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine answers")
    tar = subprocess.run(["tar", "-cC", tiny_root, "."], capture_output=True, check=True).stdout
    subprocess.run(["docker", "import", "-", name], input=tar, capture_output=True, check=True)
    create = ["docker", "create", "--network=none", "--name", name, name, "sleep", "300"]
    subprocess.run(create, capture_output=True, check=True)
    yield name
    subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=True)
    subprocess.run(["docker", "rmi", name], capture_output=True, check=True)


def test_a_container_is_missing_stopped_or_answers(container: str) -> None:
    with pytest.raises(HostError) as missing:
        open_session(f"@docker/{container}-no")
    with pytest.raises(HostError) as stopped:
        open_session(f"@docker/{container}")
    told = [str(error.value).splitlines() for error in (missing, stopped)]
    assert [(lines[0], lines[2]) for lines in told] == [
        (
            f"@docker/{container}-no: there is no such container",
            "hint: see which there are: docker ps -a",
        ),
        (
            f"@docker/{container}: the container is stopped",
            f"hint: start it: docker start {container}",
        ),
    ]
    started = subprocess.run(["docker", "start", container], capture_output=True, check=False)
    if started.returncode:
        pytest.skip("this engine cannot start containers")
    with open_session(f"@docker/{container}", hello="id -u") as session:
        assert session.hello == Result(0, b"0\n", b"")
        said = session.run("cat >/tmp/file; cat /tmp/file", stdin=b"\0\xff").stdout
        assert (said, session.round_trips) == (b"\0\xff", 1)
