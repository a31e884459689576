"""The topics of explain: variables, secrets, layers and conditions of an environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_environments import CAPABILITIES, MACHINE

from envwright.spec.environment import load
from envwright.spec.topics import TOPICS, told

FILES = {
    "low.yaml": (
        "vars: {mtu: 1500, folder: /srv, idle: 1}\n"
        "secrets: {token: {env: TOKEN}, key: {command: [pass, show, 'a b']}, pem: {file: x.pem}}\n"
        "files: {'{{ folder }}/a': {content: 'x {{ secret.token }}'}}\n"
    ),
    "wsl.yaml": "when: wsl\npackages: [wslu]\n",
    "team.yaml": (
        "name: team\nextends: [low.yaml, wsl.yaml]\nvars: {mtu: 1400, wide: true}\n"
        "docker: {when: not wsl and wide, daemon: {mtu: '{{ mtu }}'}}\n"
        "packages: [{when: wsl, then: [socat], else: ['{{ folder }}']}]\n"
    ),
    "anna.yaml": "extends: low.yaml\nvars: {idle: 2}\n",
}


@pytest.fixture(autouse=True)
def _files() -> None:
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")


def said(topic: str, *given: str) -> list[str]:
    """Return what a topic tells of the environment, on a machine and on one under WSL."""
    machines = {"linux": MACHINE, "wsl": replace(MACHINE, wsl=True)}
    variables = dict.fromkeys(given, "700")
    environments = {
        name: load("team.yaml", machine, variables, CAPABILITIES, layers=["anna.yaml"])
        for name, machine in machines.items()
    }
    return [*told(topic, environments, given)]


def test_each_variable_is_told_with_its_layers_and_with_who_uses_it() -> None:
    assert said("vars", "mtu") == [
        "vars.mtu = 700",
        "    team.yaml:3",
        "    low.yaml:1 says 1500, which team.yaml hides",
        "    but --var or an inventory gives the value, and hides the layers'",
        "    used by docker.daemon.mtu (team.yaml:4)",
        'vars.folder = "/srv"',
        "    low.yaml:1",
        '    used by files."{{ folder }}/a" (low.yaml:3)',
        "    used by packages[0].else[0] (team.yaml:5)",
        "vars.idle = 2",
        "    anna.yaml:2",
        "    low.yaml:1 says 1, which anna.yaml hides",
        "    no value and no condition uses it",
        "vars.wide = true",
        "    team.yaml:3",
        "    used by docker.when (team.yaml:4)",
    ]


def test_each_secret_is_told_with_its_source_and_never_with_its_value() -> None:
    assert said("secrets") == [
        "secrets.token is the environment variable TOKEN",
        "    low.yaml:2",
        '    used by files."{{ folder }}/a".content (low.yaml:3)',
        "secrets.key is the output of: pass show 'a b'",
        "    low.yaml:2",
        "    no value and no condition uses it",
        "secrets.pem is the file x.pem",
        "    low.yaml:2",
        "    no value and no condition uses it",
    ]


def test_the_layers_are_told_as_a_tree_with_those_that_do_not_count() -> None:
    assert said("extends") == [
        "team.yaml",
        "  low.yaml  (team.yaml:2)",
        "  wsl.yaml  (team.yaml:2): its condition is false here",
        "anna.yaml",
        "  low.yaml  (anna.yaml:1): it lies below already",
        "from the lowest to the highest: low.yaml, team.yaml, anna.yaml",
    ]


def test_each_condition_is_told_with_the_machines_for_which_it_is_true() -> None:
    assert said("when") == [
        '"not wsl and wide" of docker',
        "    team.yaml:4",
        "    true for linux",
        "    false for wsl",
        '"wsl" of packages[0]',
        "    team.yaml:5",
        "    true for wsl",
        "    false for linux",
        '"wsl" of the whole file',
        "    wsl.yaml:1",
        "    true for wsl",
        "    false for linux",
    ]


def test_an_environment_without_any_of_these_has_nothing_to_tell() -> None:
    Path("plain.yaml").write_text("name: plain\n", encoding="utf-8")
    environment = {"linux": load("plain.yaml", MACHINE, {}, CAPABILITIES)}
    assert {topic: [*told(topic, environment)] for topic in TOPICS} == {
        "vars": ["plain.yaml has no variables"],
        "secrets": ["plain.yaml has no secrets"],
        "extends": ["plain.yaml"],
        "when": ["plain.yaml has no conditions"],
    }
