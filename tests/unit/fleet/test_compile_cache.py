"""The compile cache: once for all machines that are alike, and secrets masked of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from standins import DEBIAN, UBUNTU, compiled, secrets_of

from envwright.cache.compiled import CompiledEnvironment
from envwright.errors import SpecError
from envwright.fleet.compile_cache import CompileCache
from envwright.host.inventory import Target
from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path


A, B, BAD = (Target("@local", f"{name}.yaml") for name in ("a", "b", "bad"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Who has asked for an environment to be compiled."""
    asked: list[str] = []

    def compile_(path: str, machine: Any, variables: dict[str, Any], layers: Any) -> Any:
        asked.append(" ".join([path, machine.distro, *variables.values(), *layers]))
        if path == "bad.yaml":
            raise SpecError("bad.yaml:1:1: no")
        return CompiledEnvironment(compiled(), secrets_of(tmp_path, token="hunter2"))

    monkeypatch.setattr("envwright.cache.compiled.compiled", compile_)
    return asked


def test_an_environment_is_compiled_once_for_machines_that_are_alike(asked: list[str]) -> None:
    made = CompileCache()
    first = made.compile(A, DEBIAN)
    assert made.compile(A, replace(DEBIAN)) is first
    made.compile(A, UBUNTU)
    made.compile(B, DEBIAN)
    made.compile(Target("@docker/x", "a.yaml"), DEBIAN)
    made.compile(replace(A, variables={"role": "web"}), DEBIAN)
    made.compile(replace(A, layers=("anna.yaml",)), DEBIAN)
    assert asked == [
        "a.yaml debian",
        "a.yaml ubuntu",
        "b.yaml debian",
        "a.yaml debian web",
        "a.yaml debian anna.yaml",
    ]


def test_what_cannot_be_compiled_is_tried_once_and_said_to_each(asked: list[str]) -> None:
    made = CompileCache()
    for _ in range(2):
        with pytest.raises(SpecError, match=r"^bad\.yaml:1:1: no$"):
            made.compile(BAD, DEBIAN)
    assert asked == ["bad.yaml debian"]


def test_what_was_compiled_elsewhere_is_taken_over(asked: list[str]) -> None:
    made = CompileCache()
    other = CompileCache().compile(A, DEBIAN)
    made.add(A, DEBIAN, other)
    assert made.compile(A, DEBIAN) is other
    assert asked == ["a.yaml debian"]


@pytest.mark.usefixtures("asked")
def test_every_secret_that_was_revealed_is_masked() -> None:
    made = CompileCache()
    secrets = made.compile(A, DEBIAN).secrets
    with pytest.raises(SpecError):
        made.compile(BAD, DEBIAN)
    assert made.mask("it is hunter2") == "it is hunter2"
    assert secrets.reveal(marker("token")) == "hunter2"
    assert made.mask("it is hunter2") == f"it is {marker('token')}"
