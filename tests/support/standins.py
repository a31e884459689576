"""Stand-ins for what a unit test must not have: a machine that is changed, a file of YAML."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from envwright.host.batch import Recorder
from envwright.host.limits import STEP, Limits
from envwright.host.session import Result, Session, open_session
from envwright.model.resource import Origin
from envwright.model.secrets import Secret, Secrets
from envwright.spec.compiler import Compiled, compile_environment
from envwright.spec.declaration import Declaration
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from envwright.engine.apply import Step
    from envwright.facts import Machine
    from envwright.model.capability import Objection
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource
    from envwright.spec.environment import Environment

DEBIAN, UBUNTU, WSL = (KINDS[kind] for kind in ("debian-13", "ubuntu-24.04", "ubuntu-24.04-wsl"))
OFFLINE = replace(DEBIAN, booted=False)
ORIGIN = Origin("files", "box.yaml", 3)
ME = pwd.getpwuid(os.geteuid()).pw_name
"""Who runs the tests, and owns what they make."""


@contextmanager
def local_session() -> Iterator[Session]:
    """A real session on this machine, with the rights that the tests have."""
    with open_session("@local", privileged=False) as session:
        yield session


class StandInSession(Session):
    """A session that changes nothing: it gives its answers in turn, and records what it is told.

    Args:
        answers: what `run` returns, call by call; bytes are the stdout of a success; then
            successes without a word.
        files: what `get` finds.
    """

    def __init__(self, *answers: Result | bytes, files: dict[str, bytes] | None = None) -> None:
        self.name = "@stand-in"
        self.hello = Result(0, b"", b"")
        self.round_trips = 0
        self.recorder = Recorder()
        self.scripts: list[str] = []
        self.files = files or {}
        self._answers = list(answers)

    def run(
        self,
        script: str,
        *,
        stdin: bytes = b"",  # noqa: ARG002 - the signature of a session
        on_output: Callable[[bytes], None] | None = None,  # noqa: ARG002 - the signature of a session
        limits: Limits = STEP,  # noqa: ARG002 - the signature of a session
        doing: str = "",  # noqa: ARG002 - the signature of a session
    ) -> Result:
        self.round_trips += 1
        self.scripts.append(script)
        answer = self._answers.pop(0) if self._answers else b""
        return answer if isinstance(answer, Result) else Result(0, answer, b"")

    def source(self, script: str, *, limits: Limits = STEP, doing: str = "") -> Result:
        return self.run(script, limits=limits, doing=doing)

    def put(
        self,
        data: bytes,
        path: str,
        *,
        owner: str = "",  # noqa: ARG002 - the signature of a session
        group: str = "",  # noqa: ARG002 - the signature of a session
        mode: str = "0600",  # noqa: ARG002 - the signature of a session
    ) -> None:
        self.files[path] = data

    def get(self, path: str) -> tuple[str, bytes]:
        return ("1:2", self.files[path]) if path in self.files else ("none", b"")

    def close(self) -> None:
        pass


@dataclass
class Teller:
    """Keeps what apply tells."""

    told: list[str] = field(default_factory=list)

    def line(self, text: str, /) -> None:
        self.told.append(text)

    def cut_off(self, step: str) -> None:
        self.told.append(f"cut off {step}")

    def begin(self, step: Step) -> None:
        self.told.append(f"begin {step.name}")

    def waiting(self, lock: str) -> None:
        self.told.append(f"waiting {lock}")

    def progress(self, text: str) -> None:
        pass

    def end(self, step: Step) -> None:
        self.told.append(f"end {step.name}")

    def failed(self, step: Step) -> None:
        self.told.append(f"failed {step.name}")

    def put_back(self, ids: Sequence[str]) -> None:
        self.told += [f"put back {id_}" for id_ in ids]

    def not_begun(self, id_: str, causes: Sequence[str]) -> None:
        self.told.append(f"not begun {id_} for {', '.join(causes)}")

    @property
    def made(self) -> list[str]:
        """The names of the steps that were made."""
        return [text.removeprefix("end ") for text in self.told if text.startswith("end ")]


@dataclass(frozen=True)
class StandInSection:
    """A section that wants the resources it is given; the `at` of each begins with its line."""

    section: str
    wanted: Sequence[Resource] = ()
    proven: Sequence[Proof] = ()
    required: Sequence[Requirement] = ()

    def resources(self, machine: Machine) -> Sequence[Resource]:  # noqa: ARG002 - as a capability
        return self.wanted

    def objections(self, machine: Machine) -> Sequence[Objection]:  # noqa: ARG002 - as a capability
        return ()

    def proofs(self, machine: Machine) -> Sequence[Proof]:  # noqa: ARG002 - as a capability
        return self.proven

    def requirements(self, machine: Machine) -> Sequence[Requirement]:  # noqa: ARG002 - as a capability
        return self.required


@dataclass(frozen=True)
class StandInEnvironment:
    """An environment of stand-in sections."""

    sections: Sequence[StandInSection]
    name: str = "box"
    secrets: Secrets = field(default_factory=lambda: Secrets({}))
    file: str = "box.yaml"
    files: dict[str, str] = field(default_factory=dict)
    trees: tuple[()] = ()
    prune: str = ""
    was: tuple[str, ...] = ()

    def place(self, section: str, path: Sequence[str | int] = ()) -> tuple[str, int]:  # noqa: ARG002 - as the real one
        return "box.yaml", int(path[0]) if path else 1


def compiled(*sections: StandInSection | Resource, secrets: Secrets | None = None) -> Compiled:
    """What sections, or the bare resources of one section `files`, are compiled to."""
    bare = [part for part in sections if not isinstance(part, StandInSection)]
    whole = [part for part in sections if isinstance(part, StandInSection)]
    all_sections = [*([StandInSection("files", bare)] if bare else []), *whole]
    stand_in = StandInEnvironment(all_sections, secrets=secrets or Secrets({}))
    environment = cast("Environment", stand_in)
    return compile_environment(environment, DEBIAN)


def secrets_of(folder: Path, **values: str) -> Secrets:
    """Declared secrets with these values, each in a file."""
    declared = {}
    for name, value in values.items():
        (folder / f"{name}.secret").write_text(value)
        declared[name] = Secret(name, Declaration(file=f"{name}.secret"), "box.yaml:1", folder)
    return Secrets(declared)
