"""Inventories: pyinfra's own files, read for hosts and their environments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from envwright.cli.options import read_inventory
from envwright.errors import EnvwrightError
from envwright.host.inventory import Target

TEAM = """
import os
from pathlib import Path
_private = ["@ssh/nobody"]
domain = "example"
laptops = (
    ["@ssh/dev@one", ("@ssh/dev@two", {"environment": "two.yaml", "ssh_port": 22})],
    {"environment": "all.yaml"},
)
build = [("@ssh/root@build", {"environment": "build.yaml"}), "@ssh/dev@one", "@local"]
"""


def inventory(folder: Path, text: str) -> str:
    (folder / "team.py").write_text(text)
    return str(folder / "team.py")


def refusal(path: str) -> str:
    with pytest.raises(EnvwrightError) as raised:
        read_inventory(path)
    return str(raised.value)


def test_hosts_have_the_environment_of_their_own_data_or_of_their_group(tmp_path: Path) -> None:
    assert read_inventory(inventory(tmp_path, TEAM)) == [
        Target("@ssh/dev@one", "all.yaml", groups=("laptops", "build")),
        Target("@ssh/dev@two", "two.yaml", groups=("laptops",)),
        Target("@ssh/root@build", "build.yaml", groups=("build",)),
        Target("@local", "", groups=("build",)),
    ]


def test_an_inventory_of_nobody_is_refused(tmp_path: Path) -> None:
    path = inventory(tmp_path, "x = 1\n")
    assert refusal(path).splitlines()[0] == f"{path} names no host"


def test_a_missing_inventory_is_refused() -> None:
    assert refusal("no/such.py") == ("no/such.py: no such inventory\nhint: name a file of hosts")


def test_an_inventory_that_is_no_python_is_refused(tmp_path: Path) -> None:
    path = inventory(tmp_path, "hosts = [\n")
    assert refusal(path).startswith(f"{path} cannot be read as Python: ")


@pytest.mark.parametrize(
    "group", ["(3, 10)", "[3]", "(['@local'], {}, 1)", "[('@local', 'x.yaml')]", "['@local', ()]"]
)
def test_a_list_of_something_else_is_refused(tmp_path: Path, group: str) -> None:
    path = inventory(tmp_path, f"odd = {group}\n")
    assert refusal(path) == (
        f"{path}: odd is no group of hosts\n"
        "hint: a group is a list of names, or of (name, data); or a pair of that and data"
    )


@pytest.mark.parametrize("name", ["local", "team"])
def test_the_inventories_of_the_house_are_good(name: str) -> None:
    house = Path(__file__).parents[3]
    targets = read_inventory(str(house / "inventories" / f"{name}.py"))
    assert [(house / target.environment).is_file() for target in targets] == [True] * len(targets)


DATA = """
everybody = (
    ["@ssh/anna@box", "@ssh/bert@box"],
    {"environment": "base.yaml", "vars": {"region": "eu", "big": False}, "extends": "eu.yaml"},
)
backend = (
    [("@ssh/anna@box", {"vars": {"editor": "vim"}, "extends": ["people/anna.yaml"]})],
    {"environment": "backend.yaml", "vars": {"big": True}, "extends": ["backend/more.yaml"]},
)
"""
ANNA = Target(
    "@ssh/anna@box",
    "backend.yaml",
    {"region": "eu", "big": True, "editor": "vim"},
    ("eu.yaml", "backend/more.yaml", "people/anna.yaml"),
    ("everybody", "backend"),
)
BERT = Target(
    "@ssh/bert@box", "base.yaml", {"region": "eu", "big": False}, ("eu.yaml",), ("everybody",)
)
IN_YAML = """
everybody:
  environment: base.yaml
  vars: {region: eu, big: false}
  extends: eu.yaml
  hosts: ["@ssh/anna@box", "@ssh/bert@box"]
backend:
  environment: backend.yaml
  vars: {big: true}
  extends: [backend/more.yaml]
  hosts:
    "@ssh/anna@box":
      vars: {editor: vim}
      extends: [people/anna.yaml]
"""


def test_data_of_groups_merge_in_their_order_and_a_hosts_own_come_last(tmp_path: Path) -> None:
    assert read_inventory(inventory(tmp_path, DATA)) == [ANNA, BERT]


def test_an_inventory_in_yaml_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(IN_YAML)
    assert read_inventory(f"{tmp_path}/team.yaml") == [ANNA, BERT]
    assert read_inventory(f"{tmp_path}/team.yaml", ["backend"]) == [ANNA]


def test_pyinfra_has_the_same_data(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyinfra", inventory(tmp_path, DATA), "debug-inventory"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = f"{done.stdout}{done.stderr}"
    assert all(path in told for path in ("backend.yaml", "base.yaml", "people/anna.yaml"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"environment": 3}, "'environment' of @ssh/x must be a path"),
        ({"vars": ["a"]}, "'vars' of @ssh/x must be a mapping"),
        ({"extends": [3]}, "'extends' of @ssh/x must be paths"),
    ],
)
def test_data_that_cannot_be_used_are_told(tmp_path: Path, data: object, told: str) -> None:
    path = inventory(tmp_path, f"hosts = [('@ssh/x', {data})]\n")
    assert refusal(path) == f"{path}: {told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- x\n", "1:1: an inventory is a mapping of groups, not a list"),
        ("team: [x]\n", "1:7: the group 'team' must be a mapping, not a list"),
        ("team: {vars: {}}\n", "1:7: the group 'team' needs the key 'hosts'"),
        (
            "team: {enviroment: x, hosts: []}\n",
            "1:8: the group 'team' has no key 'enviroment'; did you mean 'environment'?",
        ),
        ("team: {hosts: [3]}\n", "1:16: a host is named by text, not by the integer 3"),
        ("team: {hosts: {'@local': {var: {}}}}\n", "1:27: '@local' has no key 'var'"),
    ],
)
def test_mistakes_of_an_inventory_in_yaml_are_told_at_their_places(
    tmp_path: Path, text: str, told: str
) -> None:
    path = f"{tmp_path}/team.yaml"
    Path(path).write_text(text)
    assert refusal(path).splitlines()[0].startswith(f"{path}:{told}")
