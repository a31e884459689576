"""Machines for tests, each up before the test that asks for it and gone after it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from machines import golang, nvidia
from machines.engine import Network, network, sweep, unusable
from machines.machine import Machine, NewMachine
from machines.repository import Repository, published
from machines.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    "download.docker.com",
    "nvidia.github.io",
    "packages.microsoft.com",
    "files.envwright.test",
    *golang.NAMES,
)
"""The host names that the loopback server answers for, in every machine."""


@pytest.fixture(scope="session")
def engine() -> Iterator[Network]:
    """The Docker engine, free of what killed runs left: a bridge of this run's own in it."""
    reason = unusable()
    if reason:
        pytest.skip(reason)
    sweep()
    with network() as bridge:
        yield bridge


@pytest.fixture(scope="session")
def server(engine: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """https for all NAMES from files below `server.root`; every machine trusts it."""
    root = tmp_path_factory.mktemp("server") / "root"
    with Server(engine.gateway, root, NAMES).serving() as started:
        yield started


@pytest.fixture(scope="session")
def repository(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Docker's apt repository, as https://download.docker.com has it."""
    with published(server, tmp_path_factory.mktemp("keys") / "gnupg") as made:
        yield made


@pytest.fixture(scope="session")
def toolkit(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[nvidia.Toolkit]:
    """NVIDIA's apt repository, as https://nvidia.github.io/libnvidia-container has it."""
    with nvidia.published(server, tmp_path_factory.mktemp("toolkit") / "gnupg") as made:
        yield made


@pytest.fixture(scope="session")
def go_server(server: Server) -> Server:
    """The server, with Go's archives and index, a module proxy and golangci-lint's release."""
    golang.publish(server)
    return server


@contextlib.contextmanager
def _started(kind: str, engine: Network, server: Server, *options: str) -> Iterator[Machine]:
    if kind == "wsl" and not Path("/dev/fuse").exists():
        pytest.skip("the stand-in for WSL needs /dev/fuse, for its Windows drive")
    with Machine(kind, engine, hosts=NAMES, options=options) as machine:
        # Where ca-certificates looks when it is installed; the machine itself stays bare.
        machine.put("/usr/local/share/ca-certificates/envwright-tests.crt", server.certificate)
        yield machine


@contextlib.contextmanager
def _starting(engine: Network, server: Server) -> Iterator[NewMachine]:
    with contextlib.ExitStack() as stack:

        def start(kind: str, *options: str) -> Machine:
            return stack.enter_context(_started(kind, engine, server, *options))

        yield start


@pytest.fixture
def new_machine(engine: Network, server: Server) -> Iterator[NewMachine]:
    """A function that starts a fresh machine; it is gone after the test."""
    with _starting(engine, server) as start:
        yield start


@pytest.fixture(scope="module")
def start_machine(engine: Network, server: Server) -> Iterator[NewMachine]:
    """A function that starts a fresh machine; it is gone after the tests of a module."""
    with _starting(engine, server) as start:
        yield start


@pytest.fixture(scope="module")
def debian13(engine: Network, server: Server) -> Iterator[Machine]:
    """A bare Debian 13, one for all tests of a module."""
    with _started("debian13", engine, server) as machine:
        yield machine


@pytest.fixture(scope="module")
def debian12(engine: Network, server: Server) -> Iterator[Machine]:
    """A bare Debian 12, one for all tests of a module."""
    with _started("debian12", engine, server) as machine:
        yield machine


@pytest.fixture(scope="module")
def ubuntu(engine: Network, server: Server) -> Iterator[Machine]:
    """A Debian 12 that says it is Ubuntu 24.04, one for all tests of a module."""
    with _started("ubuntu", engine, server) as machine:
        yield machine


@pytest.fixture(scope="module")
def ubuntu26(engine: Network, server: Server) -> Iterator[Machine]:
    """A Debian 13 with the tools of Ubuntu 26.04, one for all tests of a module."""
    with _started("ubuntu26", engine, server) as machine:
        yield machine


@pytest.fixture(scope="module")
def wsl(engine: Network, server: Server) -> Iterator[Machine]:
    """A stand-in for a WSL distribution with its Windows, one for all tests of a module."""
    with _started("wsl", engine, server) as machine:
        yield machine
