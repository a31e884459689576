"""Checks of a machine that answers anything: each has a verdict, or the machine's error is told."""

from __future__ import annotations

import functools
import random
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fuzz import rounds
from mutations import mutated
from standins import DEBIAN, WSL, StandInSession, local_session

from envwright.engine.verify import CheckError, host_over, prove, witness
from envwright.errors import EnvwrightError
from envwright.host.session import Result
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from envwright.host.session import Session

ENVIRONMENTS = sorted((Path(__file__).parents[3] / "environments").glob("*.yaml"))
ROUNDS = rounds(usual=4, full=200)
"""How often each environment is checked over damaged answers."""
CODES = (0, 0, 0, 1, 2, 75, 77, 127, 255)


class RememberingSession(StandInSession):
    """A session to this machine, unprivileged, that keeps what it answers to what is read."""

    def __init__(self, real: Session) -> None:
        super().__init__()
        self._real = real
        self.kept: dict[str, Result] = {}

    def run(self, script: str, **_: Any) -> Result:
        if script not in self.kept:
            self.kept[script] = self._real.run(script)
        return self.kept[script]


class DamagedSession(StandInSession):
    """A session to a machine each of whose answers, as another gave it, may be damaged."""

    def __init__(self, kept: Mapping[str, Result], seed: int) -> None:
        super().__init__()
        self._kept, self._chance = kept, random.Random(seed)
        self.damaged = 0

    def run(self, script: str, **_: Any) -> Result:
        code, stdout, stderr = self._kept.get(script, (0, b"active\n0 root\n", b""))
        if self._chance.random() < 0.5:
            return Result(code, stdout, stderr)
        self.damaged += 1
        return Result(self._chance.choice(CODES), self._damaged(stdout), self._damaged(stderr))

    def _damaged(self, answer: bytes) -> bytes:
        return next(mutated(answer, 1, self._chance.randrange(1 << 30)))


def verdict(check: Callable[[], None]) -> str:
    """What a check comes to; any other exception is a fault of ours."""
    try:
        check()
    except CheckError:
        return "failed"
    except EnvwrightError:
        return "untold"
    except pytest.skip.Exception:
        return "skipped"
    return "passed"


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.name)
def test_a_check_over_damaged_answers_has_a_verdict(file: Path) -> None:
    machine = WSL if file.name.startswith("wsl") else DEBIAN
    environment = load(file, machine)
    secrets, compiled = environment.secrets, compile_environment(environment, machine)
    with local_session() as real:
        true = RememberingSession(real)
        for resource in compiled.resources:
            with suppress(CheckError, EnvwrightError):
                witness(resource, host_over(true), secrets)
    damaged = 0
    for seed in range(ROUNDS):
        session = DamagedSession(true.kept, seed)
        host = host_over(session)
        checks = [
            functools.partial(witness, resource, host, secrets) for resource in compiled.resources
        ]
        checks += [functools.partial(prove, proof, host, secrets) for proof in compiled.proofs]
        verdicts = {verdict(check) for check in checks}
        assert "failed" in verdicts
        damaged += session.damaged
    assert damaged > ROUNDS * len(compiled.resources) / 4
