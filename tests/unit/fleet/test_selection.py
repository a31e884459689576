"""Selection: what patterns of `--limit` leave of an inventory, and what is told of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envwright.errors import EnvwrightError
from envwright.fleet import last_outcomes
from envwright.fleet.selection import select
from envwright.host.inventory import Target

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = {
    "@ssh/box1": ("backend",),
    "@ssh/box2": ("backend", "canaries"),
    "@ssh/box3": ("backend",),
    "[::1]": ("frontend",),
    "laptop": ("frontend", "canaries"),
}
TEAM = [Target(host, "box.yaml", groups=groups) for host, groups in GROUPS.items()]
LAST = {
    "@ssh/box1": "changed",
    "@ssh/box2": "unproven",
    "@ssh/box3": "unreachable",
    "laptop": "skipped",
    "gone": "failed",
}
WORDS = (
    "@same, @differs, @changed, @restart, @proven, @unproven, @unreachable, @locked, @refused, "
    "@interrupted, @failed, @skipped"
)


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache in which the last outcomes are, but for one host that never had a run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    last_outcomes.update("team.py", LAST)


def left(*limit: str) -> list[str]:
    found = select(TEAM, "team.py", limit, ["frontend", "backend", "canaries", "empty"])
    return [target.host for target in found]


def refusal(*limit: str) -> str:
    with pytest.raises(EnvwrightError) as raised:
        left(*limit)
    return str(raised.value)


@pytest.mark.parametrize(
    ("limit", "hosts"),
    [
        ([], [*GROUPS]),
        (["laptop"], ["laptop"]),
        (["[::1]"], ["[::1]"]),
        (["frontend"], ["[::1]", "laptop"]),
        (["*box?"], ["@ssh/box1", "@ssh/box2", "@ssh/box3"]),
        (["laptop,@ssh/box1"], ["@ssh/box1", "laptop"]),
        (["laptop", "@ssh/box1"], ["@ssh/box1", "laptop"]),
        (["backend, !@ssh/box3"], ["@ssh/box1", "@ssh/box2"]),
        (["!@ssh/box3,backend"], ["@ssh/box1", "@ssh/box2"]),
        (["empty,laptop"], ["laptop"]),
        (["!frontend"], ["@ssh/box1", "@ssh/box2", "@ssh/box3"]),
        (["backend,&canaries"], ["@ssh/box2"]),
        (["backend,!canaries", "laptop"], ["@ssh/box1", "@ssh/box3", "laptop"]),
        (["@failed"], ["@ssh/box2", "@ssh/box3"]),
        (["@unreachable"], ["@ssh/box3"]),
        (["@failed,&canaries"], ["@ssh/box2"]),
        (["@changed,@skipped"], ["@ssh/box1", "laptop"]),
        (["!@failed"], ["@ssh/box1", "[::1]", "laptop"]),
    ],
)
def test_a_limit_leaves_the_hosts_that_it_names_in_the_order_of_the_inventory(
    limit: list[str], hosts: list[str]
) -> None:
    assert left(*limit) == hosts


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("bakend", "'bakend': team.py has no such host or group; did you mean 'backend'?"),
        ("@faild", "'@faild': team.py has no such host or group; did you mean '@failed'?"),
        ("nobody*", "'nobody*': team.py has no such host or group"),
        ("!gone", "'gone': team.py has no such host or group"),
    ],
)
def test_a_name_that_is_nowhere_is_told_with_one_that_is_alike(term: str, told: str) -> None:
    assert refusal(f"laptop,{term}") == (
        f"--limit {told}\n"
        "hint: name a host or a group (* and ? stand for any text), or the outcome of the last "
        f"run: {WORDS}"
    )


@pytest.mark.parametrize("limit", ["", ",", "@refused", "laptop,!laptop", "empty"])
def test_a_limit_that_leaves_nobody_is_no_limit_that_leaves_everybody(limit: str) -> None:
    assert refusal(limit) == (
        f"--limit '{limit}': no host of team.py is left\n"
        "hint: its hosts are @ssh/box1, @ssh/box2, @ssh/box3, [::1], laptop"
    )


def test_outcomes_of_an_inventory_that_had_no_run_are_not_known() -> None:
    with pytest.raises(EnvwrightError) as raised:
        select(TEAM, "other.py", ["@failed"])
    assert str(raised.value) == (
        "--limit @failed: no run on other.py is remembered on this computer\n"
        "hint: run one first: envwright plan -i other.py"
    )


def test_an_inventory_is_the_same_by_each_of_its_paths(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert last_outcomes.read(f"{tmp_path}/folder/../team.py") == LAST


def test_a_machine_that_a_run_leaves_out_keeps_its_last_outcome() -> None:
    last_outcomes.update("team.py", {"laptop": "same", "@ssh/box1": "locked"})
    assert last_outcomes.read("team.py") == {**LAST, "laptop": "same", "@ssh/box1": "locked"}


def test_outcomes_that_cannot_be_kept_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    last_outcomes.update("team.py", LAST)
    assert last_outcomes.read("team.py") == {}
