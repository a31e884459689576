"""The context of a run: how its session is opened."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from standins import compiled

from envwright.cache.compiled import CompiledEnvironment
from envwright.engine.context import Access, from_file, open_context, password_source
from envwright.errors import RefusedError, SpecError
from envwright.facts import Machine
from envwright.host.inventory import Target
from envwright.host.session import open_session
from envwright.model.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.host.session import Session


def test_a_password_is_read_once_for_all_sessions_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2\nyes\n"))
    password = password_source(stdin=True)
    assert password
    assert [password("?"), password("?"), sys.stdin.read()] == [*["hunter2"] * 2, "yes\n"]


def test_where_nobody_can_be_asked_there_is_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert password_source() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")
def test_an_environment_is_compiled_anew_where_a_machine_was_restarted() -> None:
    machines: list[Machine] = []

    def compile_(machine: Machine) -> CompiledEnvironment:
        machines.append(machine)
        return CompiledEnvironment(compiled(), Secrets({}))

    with open_context(Target("@local"), compile_, Access()) as context:
        first = context.plan()
        context.session.close()
        with context.reopened() as again:
            second = again.plan()
    assert (context.found, again.found) == (first, second)
    assert machines == [context.machine, again.machine]


def test_a_file_that_is_not_there_is_told_before_any_machine_is_asked(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        from_file(Target("@local", f"{tmp_path}/box.yaml"))


@pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")
def test_a_session_that_is_open_already_is_taken() -> None:
    asked: list[str] = []
    with open_session("@local", hello=Machine.HELLO) as session:

        def opened(host: str) -> Session:
            asked.append(host)
            return session

        made = CompiledEnvironment(compiled(), Secrets({}))
        with open_context(Target("@local"), lambda _: made, Access(opened=opened)) as context:
            assert (context.session, asked) == (session, ["@local"])


HELLO = Machine.read(
    b"ID=debian\nVERSION_ID=13\n\0amd64\n\0006.12.0-amd64\0\0\0booted\n\0root:x:0:0:root:/root:/bin/sh\n"
    b"\0root:x:0:\n\0"
)


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (
            replace(HELLO, distro="alpine", release="3.22", architecture=""),
            (
                "@local: this is alpine 3.22, without dpkg\n"
                "hint: envwright works on Debian, Ubuntu and what is made of them"
            ),
        ),
        (
            replace(HELLO, kernel="4.4.0-26100-Microsoft", wsl=True, distribution="Ubuntu"),
            (
                "@local: this distribution runs under WSL 1, which has neither systemd "
                "nor containers\n"
                "hint: in Windows: wsl --set-version Ubuntu 2"
            ),
        ),
    ],
)
def test_a_machine_that_no_environment_is_for_is_refused_once_and_first(
    machine: Machine, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "read", lambda _: machine)

    def compile_(_: Machine) -> CompiledEnvironment:
        raise AssertionError("nothing is compiled for it")

    with (
        pytest.raises(RefusedError) as caught,
        open_context(Target("@local"), compile_, Access()),
    ):
        pass
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "kernel",
    ["6.6.87.2-microsoft-standard-WSL2", "4.19.128-microsoft", "4.4.0-21-generic"],
)
def test_other_kernels_are_taken(kernel: str) -> None:
    assert replace(HELLO, kernel=kernel).unsupported is None
