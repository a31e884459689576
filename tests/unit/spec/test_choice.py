"""Parts of an environment that are for some machines only, and tables with defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_environments import CAPABILITIES, MACHINE, complaint, read, sections

from envwright.errors import UnfitError
from envwright.spec.environment import load

NAMES = (
    "architecture, codename, container, cpus, desktop, distribution, distro, gpu, home, kernel, "
    "memory, release, user, wsl, wsl_version"
)
WSL = replace(MACHINE, wsl=True, distro="ubuntu", release="24.04")


def on(text: str, machine: Any = MACHINE) -> dict[str, Any]:
    """Return the sections of an environment on a machine, as plain values."""
    Path("x.yaml").write_text(f"name: x\n{text}", encoding="utf-8")
    environment = load("x.yaml", machine, {}, CAPABILITIES)
    return {type(s).__name__.lower(): s.model_dump(mode="json") for s in environment.sections}


def test_a_section_is_there_where_its_condition_holds() -> None:
    text = "packages: {when: wsl, install: [wslu]}\nsysctl: {when: not wsl, a.b: 1}\n"
    assert on(text) == {"sysctl": {"a.b": 1}}
    assert on(text, WSL) == {"packages": {"install": ["wslu"]}}


def test_an_item_is_there_where_its_condition_holds() -> None:
    text = "files:\n  /a: {when: release >= 24.04, content: x}\n  /b: {content: y}\n"
    assert [*on(text)["files"]] == ["/b"]
    assert [*on(text, WSL)["files"]] == ["/a", "/b"]
    assert on(text, WSL)["files"]["/a"] == {**on(text)["files"]["/b"], "content": "x"}


def test_a_value_is_chosen_and_the_items_of_a_list() -> None:
    text = (
        "packages: [git, {when: wsl, then: [wslu, socat], else: fuse3}, {when: wsl, then: jq}]\n"
        "sysctl: {a.b: {when: wsl, then: 1, else: 2}, c.d: {when: wsl, then: 3}}\n"
    )
    assert on(text) == {"packages": {"install": ["git", "fuse3"]}, "sysctl": {"a.b": 2}}
    assert on(text, WSL) == {
        "packages": {"install": ["git", "wslu", "socat", "jq"]},
        "sysctl": {"a.b": 1, "c.d": 3},
    }


def test_variables_count_also_those_of_the_command_line() -> None:
    text = (
        "vars: {role: web, big: false}\npackages: [{when: role == 'data' and big, then: duckdb}]\n"
    )
    assert sections(text)["packages"].install == []
    assert sections(text, role="data", big="true")["packages"].install == ["duckdb"]


def test_layers_merge_what_is_chosen() -> None:
    Path("base.yaml").write_text(
        "packages: [git, {when: wsl, then: wslu}]\nsysctl: {when: wsl, a.b: 1}\n", encoding="utf-8"
    )
    text = "extends: base.yaml\npackages: !remove [{when: not wsl, then: git}]\nsysctl: {c.d: 2}\n"
    assert on(text) == {"packages": {"install": []}, "sysctl": {"c.d": 2}}
    assert on(text, WSL) == {
        "packages": {"install": ["git", "wslu"]},
        "sysctl": {"a.b": 1, "c.d": 2},
    }


def test_a_whole_layer_is_for_some_machines() -> None:
    Path("wsl.yaml").write_text("when: wsl\nextends: deep.yaml\npackages: [wslu]\n", "utf-8")
    Path("deep.yaml").write_text("sysctl: {a.b: 1}\n", encoding="utf-8")
    text = "extends: wsl.yaml\npackages: [git]\n"
    assert on(text) == {"packages": {"install": ["git"]}}
    assert on(text, WSL) == {"packages": {"install": ["wslu", "git"]}, "sysctl": {"a.b": 1}}


def test_an_environment_for_other_machines_is_unfit_with_its_condition() -> None:
    with pytest.raises(UnfitError) as caught:
        read("name: x\nwhen: wsl\npackages: [git]\n")
    assert str(caught.value).splitlines() == [
        "x.yaml:2:7: the environment is for other machines: this condition is false",
        "    when: wsl",
        "          ^",
    ]


def test_wrong_conditions_are_told_at_their_places() -> None:
    assert complaint("name: x\ndocker: {when: wls}\npackages: [{when: [], then: git}]\n") == [
        "x.yaml:2:16: there is no name 'wls'; did you mean 'wsl'?",
        "    docker: {when: wls}",
        "                   ^",
        f"hint: names here: {NAMES}",
        "",
        "x.yaml:3:19: when must be a condition, not a list",
        "    packages: [{when: [], then: git}]",
        "                      ^",
    ]


def test_every_entry_of_a_table_has_the_defaults_below_it() -> None:
    text = (
        "files:\n  defaults: {mode: '0600', content: x}\n  /a: {}\n"
        "  /b: {mode: '0644'}\n  /c: {content: null}\n"
    )
    files = {path: (f["mode"], f["content"]) for path, f in on(text)["files"].items()}
    assert files == {"/a": ("0600", "x"), "/b": ("0644", "x"), "/c": ("0600", "")}


def test_defaults_are_no_word_of_a_table_of_plain_values() -> None:
    told = complaint("name: x\nsysctl: {defaults: 1}\n")[0]
    assert told == "x.yaml:2:10: the key 'defaults' of sysctl must have a dot"
