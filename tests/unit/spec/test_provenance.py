"""Every value of an environment has one layer that it is from, and the layers that it hides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from small_environments import CAPABILITIES, MACHINE

from envwright.errors import EnvwrightError
from envwright.spec.environment import load
from envwright.spec.paths import written
from envwright.spec.provenance import lines, values

if TYPE_CHECKING:
    from envwright.spec.environment import Environment

BASE = """\
name: base
docker:
  users: [ada]
  daemon: {mtu: 1500, live-restore: true}
sysctl: {a.b: 1, c.d: 2}
packages: [git, jq]
files:
  defaults: {mode: "0600"}
  /a: {content: a}
"""
TEAM = """\
name: team
extends: base.yaml
vars: {mtu: 1400}
docker: {users: [bob], daemon: {mtu: "{{ mtu }}"}}
sysctl: {"c.{{ 'd' }}": null}
packages: {install: !remove [git]}
"""


@pytest.fixture
def team() -> Environment:
    Path("base.yaml").write_text(BASE, encoding="utf-8")
    Path("team.yaml").write_text(TEAM, encoding="utf-8")
    Path("anna.yaml").write_text("docker: {daemon: {mtu: 1300}}\n", encoding="utf-8")
    return load("team.yaml", MACHINE, {}, CAPABILITIES, layers=["anna.yaml"])


def test_every_value_has_one_origin_and_the_layers_that_it_hides(team: Environment) -> None:
    told = {
        written(v.path): (v.value, v.origin, [(said.place, said.node.plain()) for said in v.hidden])
        for v in values(team)
    }
    assert told == {
        "name": ("team", "team.yaml:1", [("base.yaml:1", "base")]),
        "docker.users[0]": ("bob", "team.yaml:4", []),
        "docker.users": (["bob"], "team.yaml:4", [("base.yaml:3", ["ada"])]),
        "docker.daemon.mtu": (
            1300,
            "anna.yaml:1",
            [("team.yaml:4", "{{ mtu }}"), ("base.yaml:4", 1500)],
        ),
        "docker.daemon.live-restore": (True, "base.yaml:4", []),
        'sysctl."a.b"': (1, "base.yaml:5", []),
        "packages.install[0]": ("jq", "base.yaml:6", []),
        "packages.install": (["jq"], "team.yaml:6", []),
        "files./a.mode": ("0600", "base.yaml:8", []),
        "files./a.content": ("a", "base.yaml:9", []),
    }


def test_a_key_is_explained_in_lines(team: Environment) -> None:
    assert list(lines(team, "docker.daemon")) == [
        "docker.daemon.mtu = 1300",
        "    anna.yaml:1",
        '    team.yaml:4 says "{{ mtu }}", which anna.yaml hides',
        "    base.yaml:4 says 1500, which anna.yaml hides",
        "docker.daemon.live-restore = true",
        "    base.yaml:4",
    ]


@pytest.mark.parametrize("key", ["sysctl.a.b", 'sysctl."a.b"'])
def test_a_key_with_dots_needs_no_quotes_where_somebody_asks_for_it(
    team: Environment, key: str
) -> None:
    assert list(lines(team, key)) == ['sysctl."a.b" = 1', "    base.yaml:5"]


def test_a_key_that_no_layer_has_is_told_with_the_one_that_was_meant(team: Environment) -> None:
    with pytest.raises(EnvwrightError) as caught:
        values(team, "docker.daemon.mut")
    assert str(caught.value) == (
        "team.yaml says nothing of 'docker.daemon.mut'; did you mean 'docker.daemon.mtu'?\n"
        "hint: `envwright explain docker` tells the defaults"
    )
