"""Inventories: pyinfra's own files, read for hosts and their environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from envwright.errors import EnvwrightError
from envwright.host.inventory import Target, read_inventory

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


def refusal(path: str, *limit: str) -> str:
    with pytest.raises(EnvwrightError) as raised:
        read_inventory(path, limit)
    return str(raised.value)


def test_hosts_have_the_environment_of_their_own_data_or_of_their_group(tmp_path: Path) -> None:
    assert read_inventory(inventory(tmp_path, TEAM)) == [
        Target("@ssh/dev@one", "all.yaml"),
        Target("@ssh/dev@two", "two.yaml"),
        Target("@ssh/root@build", "build.yaml"),
        Target("@local", ""),
    ]


@pytest.mark.parametrize(
    ("limit", "hosts"),
    [
        (["laptops"], ["@ssh/dev@one", "@ssh/dev@two"]),
        (["*@two", "@local"], ["@ssh/dev@two", "@local"]),
        (["b*"], ["@ssh/root@build", "@ssh/dev@one", "@local"]),
    ],
)
def test_a_limit_keeps_hosts_and_groups_that_match(
    tmp_path: Path, limit: list[str], hosts: list[str]
) -> None:
    assert [t.host for t in read_inventory(inventory(tmp_path, TEAM), limit)] == hosts


def test_a_limit_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    path = inventory(tmp_path, TEAM)
    assert refusal(path, "three", "f*") == (
        f"{path} names no host that matches three or f*\n"
        "hint: an inventory is a list: hosts = ['@ssh/dev@laptop', ...]"
    )


def test_an_inventory_of_nobody_is_refused(tmp_path: Path) -> None:
    path = inventory(tmp_path, "x = 1\n")
    assert refusal(path).splitlines()[0] == f"{path} names no host"


def test_a_missing_inventory_is_refused() -> None:
    assert refusal("no/such.py") == (
        "no/such.py: no such inventory\nhint: name a Python file of hosts"
    )


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
