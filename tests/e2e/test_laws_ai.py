"""The laws for docker, nvidia and compose together: the AI workstation under a stand-in of WSL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2, drift
from machines.nvidia import put_under_wsl
from machines.stacks import put_image
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.nvidia import Toolkit
    from machines.repository import Repository

IMAGES = {
    "ollama/ollama:0.12.6": (11434,),
    "ghcr.io/open-webui/open-webui:v0.6.34": (8080,),
    "qdrant/qdrant:v1.15.5": (6333, 6334),
}


@pytest.fixture(scope="module")
def bare(
    debian13: Machine,
    repository: Repository,
    toolkit: Toolkit,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workstation]:
    """A machine that has Docker and the images, since there is no registry, and nothing else."""
    put_under_wsl(debian13, gpu=True)
    engine_alone = tmp_path_factory.mktemp("ai") / "engine.yaml"
    engine_alone.write_text(f'name: engine\ndocker: {{fingerprint: "{repository.fingerprint}"}}\n')
    with workstation(debian13, engine_alone) as engine:
        engine.apply()
    for name, ports in IMAGES.items():
        put_image(debian13, name, *ports)
    keys = {"docker_key": repository.fingerprint, "nvidia_key": toolkit.fingerprint}
    with workstation(debian13, law_environment("ai"), variables=keys) as opened:
        yield opened


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    amiss = {r.id: r.reason for r in converged.verify() if r.outcome != "passed"}
    assert amiss == {}


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged, "nvidia", "compose") == []


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    amiss = {r.id: r.reason for r in converged.verify() if r.outcome != "passed"}
    assert amiss == {}
