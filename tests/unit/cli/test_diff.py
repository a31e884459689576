"""diff: two environments, or two machines of an inventory, compared by what they come to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import Said, envwright
from hypothesis import given
from hypothesis import strategies as st

from envwright.engine.comparison import compared
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.model.resource import Resource

A = """\
name: a
secrets: {token: {env: TOKEN}}
packages: {install: [git=1, jq], absent: [nano]}
files:
  /a: {content: "a\\n", mode: "0644"}
  /b: {content: "{{ secret.token }}", mode: "0600"}
"""
B = """\
name: b
secrets: {token: {env: TOKEN}}
packages: {install: [git, curl, nano]}
files:
  /a: {content: "b\\n", mode: "0600"}
  /b: {content: "{{ secret.token }}", mode: "0600"}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(A, "utf-8")
    (tmp_path / "b.yaml").write_text(B, "utf-8")
    return tmp_path


def test_what_only_one_has_and_what_differs_is_told_with_both_places() -> None:
    assert envwright("diff", "a.yaml", "b.yaml", "--for", "debian-12", TOKEN="s3cr3t") == Said(
        2,
        "from a.yaml to b.yaml, for debian-12:\n"
        "  ~ package:git  packages (a.yaml:3), packages (b.yaml:3)\n"
        "      version: 1 -> not said\n"
        "  - package:jq  packages (a.yaml:3)\n"
        "  ~ package:nano  packages (a.yaml:3), packages (b.yaml:3)\n"
        "      presence: absent -> present\n"
        "  ~ file:/a  files (a.yaml:5), files (b.yaml:5)\n"
        "      mode: 0644 -> 0600\n"
        "      @@ -1 +1 @@\n"
        "      -a\n"
        "      +b\n"
        "  + package:curl  packages (b.yaml:3)\n"
        "1 resource only in a.yaml, 1 only in b.yaml, 3 different, 1 the same.\n",
        "",
    )


def test_json_has_each_resource_with_the_state_and_origins_of_both() -> None:
    said = envwright("diff", "a.yaml", "b.yaml", "--json")
    found = json.loads(said.out)
    resources = {each.pop("id"): each for each in found.pop("resources")}
    assert (said.code, found) == (
        2,
        {"version": 1, "a": "a.yaml", "b": "b.yaml", "kind": "debian-13", "same": 1},
    )
    assert resources["package:jq"] == {
        "in": ["a"],
        "fields": ["exists"],
        "a": {},
        "b": None,
        "origins": {"a": ["packages (a.yaml:3)"]},
    }
    assert resources["package:nano"] == {
        "in": ["a", "b"],
        "fields": ["presence"],
        "a": {"presence": "absent"},
        "b": {},
        "origins": {"a": ["packages (a.yaml:3)"], "b": ["packages (b.yaml:3)"]},
    }
    assert [*resources] == [
        *("package:git", "package:jq", "package:nano", "file:/a", "package:curl"),
    ]


def test_an_environment_does_not_differ_from_itself() -> None:
    said = envwright("diff", "a.yaml", "a.yaml")
    nothing = "0 resources only in a.yaml, 0 only in a.yaml, 0 different, 5 the same.\n"
    assert said == Said(0, f"from a.yaml to a.yaml, for debian-13:\n{nothing}", "")


INVENTORY = """\
laptops:
  environment: c.yaml
  vars: {editor: vim}
  hosts:
    "@ssh/anna": {vars: {editor: nano}}
    "@ssh/bob": {extends: [bob.yaml]}
others:
  hosts: ["@ssh/eve"]
"""


def test_machines_of_an_inventory_are_compared_with_their_variables_and_layers(
    folder: Path,
) -> None:
    (folder / "c.yaml").write_text("name: c\nvars: {editor: ed}\npackages: ['{{ editor }}']\n")
    (folder / "bob.yaml").write_text("packages: [jq]\n")
    (folder / "team.yaml").write_text(INVENTORY)
    said = envwright("diff", "@ssh/anna", "@ssh/bob", "-i", "team.yaml")
    assert (said.code, said.err, said.out.splitlines()[1:]) == (
        2,
        "",
        [
            "  - package:nano  packages (c.yaml:3)",
            "  + package:vim  packages (c.yaml:3)",
            "  + package:jq  packages (bob.yaml:1)",
            "1 resource only in @ssh/anna, 2 only in @ssh/bob, 0 different, 0 the same.",
        ],
    )
    said = envwright("diff", "@ssh/anna", "@ssh/bub", "-i", "team.yaml")
    assert said == Said(
        1,
        "",
        "error: team.yaml has no host '@ssh/bub'; did you mean '@ssh/bob'?\n"
        "hint: name two hosts of the inventory, or files of YAML\n",
    )
    said = envwright("diff", "@ssh/anna", "@ssh/eve", "-i", "team.yaml")
    assert (said.code, said.err) == (
        1,
        "error: @ssh/eve has no environment in team.yaml\nhint: give it an `environment`\n",
    )


def test_a_host_is_the_same_as_the_environment_that_it_has(folder: Path) -> None:
    (folder / "c.yaml").write_text("name: c\nvars: {editor: vim}\npackages: ['{{ editor }}']\n")
    (folder / "bob.yaml").write_text("packages: [jq]\n")
    (folder / "team.yaml").write_text(INVENTORY)
    assert (
        envwright("diff", "@ssh/anna", "c.yaml", "-i", "team.yaml", "--var", "editor=ed").code == 0
    )


PARTS = {
    "packages": st.sampled_from(["[git]", "[git=1]", "{install: [jq], absent: [git]}"]),
    "files": st.sampled_from(["{/a: {content: a}}", "{/a: {link: /b}}", "{/a: {directory: true}}"]),
    "systemd": st.sampled_from(
        ["{cron.service: {running: true}}", "{cron.service: {enabled: true}}"]
    ),
}
TEXT = st.fixed_dictionaries({}, optional=PARTS).map(
    lambda parts: "name: x\n" + "".join(f"{key}: {text}\n" for key, text in parts.items())
)


def resources(folder: Path, text: str) -> tuple[Resource, ...]:
    (folder / "x.yaml").write_text(text)
    machine = KINDS["debian-13"]
    return compile_environment(load(folder / "x.yaml", machine), machine).resources


def test_the_difference_is_empty_for_the_same_and_turned_round_for_the_reverse(
    folder: Path,
) -> None:
    @given(TEXT, TEXT)
    def property_holds(one: str, other: str) -> None:
        first, second = resources(folder, one), resources(folder, other)
        there, back = compared(first, second), compared(second, first)
        assert compared(first, first) == []
        assert {p.first and p.first.id for p in there} == {p.second and p.second.id for p in back}
        assert {(p.first, p.second) for p in there} == {(p.second, p.first) for p in back}
        if sorted(one.splitlines()) != sorted(other.splitlines()):
            assert there != []

    property_holds()
