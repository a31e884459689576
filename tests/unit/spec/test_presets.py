"""Presets: environments that come with envwright, named from any folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command import Said, error

from envwright.spec import presets
from envwright.spec.environment import load
from envwright.spec.explain import explain
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from command import Run

HOUSE = Path(__file__).parents[3]
LINES = (HOUSE / "environments/docker-workstation.yaml").read_text("utf-8").splitlines()
DOCKER = "preset:docker-workstation:" + next(
    str(number) for number, line in enumerate(LINES, 1) if line.startswith("docker: ")
)
NAMES = (
    "ai-workstation, docker-workstation, go-workstation, quickstart, systems-workstation, "
    "web-workstation, wsl-workstation"
)


def test_a_preset_is_extended_from_any_folder_and_means_the_file_of_the_house(
    tmp_path: Path,
) -> None:
    (tmp_path / "box.yaml").write_text("name: box\nextends: preset:go-workstation\n")
    shutil.copytree(HOUSE / "environments", tmp_path / "environments")
    text = "name: box\nextends: environments/go-workstation.yaml\n"
    (tmp_path / "copied.yaml").write_text(text)
    machine = KINDS["debian-13"]
    boxes = [load(tmp_path / name, machine) for name in ("box.yaml", "copied.yaml")]
    assert boxes[0].sections == boxes[1].sections
    place = boxes[0].place("docker", ("daemon", "log-driver"))
    assert f"{place[0]}:{place[1]}" == DOCKER


def test_places_in_a_preset_are_named_by_the_preset(run: Run) -> None:
    text = "extends: preset:docker-workstation\ndocker: {daemon: {log-driver: json-file}}\n"
    assert run("check", "box.yaml", text=text).code == 0
    assert run("explain", "box.yaml", "docker.daemon.log-driver") == Said(
        0,
        'docker.daemon.log-driver = "json-file"\n'
        "    box.yaml:3\n"
        f'    {DOCKER} says "local", which box.yaml hides\n',
        "",
    )


def test_an_unknown_preset_is_refused_with_the_ones_that_there_are(run: Run) -> None:
    assert run("check", "box.yaml", text="extends: preset:docker-workstaton\n") == error(
        "error: box.yaml:2:10: there is no preset 'docker-workstaton'; did you mean "
        "'docker-workstation'?",
        "    extends: preset:docker-workstaton",
        "             ^",
        f"hint: the presets are {NAMES}",
    )
    assert run("check", "box.yaml", text="extends: preset:../x\n") == error(
        "error: box.yaml:2:10: there is no preset '../x'",
        "    extends: preset:../x",
        "             ^",
        f"hint: the presets are {NAMES}",
    )


def test_a_preset_is_not_told_as_a_file_outside_of_the_environments_folder(run: Run) -> None:
    assert (
        '"reads": []' in run("check", "box.yaml", "--json", text="extends: preset:quickstart\n").out
    )


def test_an_inventory_lays_a_preset_over_an_environment(tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text("name: box\npackages: [jq]\n")
    made = load(tmp_path / "box.yaml", KINDS["debian-13"], layers=["preset:quickstart"])
    assert made.place("packages", (3,)) == ("preset:quickstart", 5)


def test_every_preset_is_explained_by_its_description() -> None:
    told = explain("extends")
    assert [name for name in presets.names() if f"  preset:{name}\n      " not in told] == []
    assert ", ".join(presets.names()) == NAMES


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_can_be_extended(name: str, tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text(f"name: box\nextends: preset:{name}\n")
    assert load(tmp_path / "box.yaml", KINDS["debian-13-wsl"]).sections
