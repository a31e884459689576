"""The developer stands wherever a section leaves an account out, and templates know the name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from house import HOUSE
from sections import refusals
from standins import DEBIAN, WSL

from envwright.model.catalogue import discover
from envwright.model.values import DEVELOPER
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.provenance import lines, values
from envwright.spec.schema import json_schema
from envwright.spec.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.facts import Machine

SECTIONS = """\
checkouts: {/srv/app: {url: "https://git.example.com/app.git", branch: main}}
docker: {}
go: {version: "1.27.3"}
logins: {netrc: {a.example: {login: me, password: "{{ secret.TOKEN }}"}}}
secrets: {TOKEN: {env: TOKEN}}
wsl: {}
"""
OF_ALICE = {
    "checkouts": {"/srv/app": {"owner": "alice"}},
    "docker": {"users": ["alice"]},
    "go": {"users": ["alice"]},
    "logins": {"users": ["alice"]},
    "wsl": {"user": {"default": "alice"}},
}


def accounts(folder: Path, text: str, machine: Machine = DEBIAN) -> dict[str, Any]:
    """Load an environment, and return the accounts in its sections."""
    (folder / "box.yaml").write_text(f"name: box\n{text}", "utf-8")
    values = load(folder / "box.yaml", machine).values
    return {key: _accounts(values[key]) for key in OF_ALICE if key in values}


def _accounts(value: dict[str, Any]) -> dict[str, Any]:
    """Return the accounts that a section names, and those of the entries of a table."""
    named = {key: inner for key, inner in value.items() if key in {"user", "users", "owner"}}
    tables = {key: inner for key, inner in value.items() if key.startswith("/")}
    return named | {key: _accounts(inner) for key, inner in tables.items()}


def test_an_account_that_is_left_out_is_the_developer(tmp_path: Path) -> None:
    assert accounts(tmp_path, f"user: {{name: alice}}\n{SECTIONS}") == OF_ALICE


def test_an_account_that_is_named_stays(tmp_path: Path) -> None:
    named = "docker: {users: []}\nwsl: {user: {default: root}}\n"
    assert accounts(tmp_path, f"user: {{name: alice}}\n{named}") == {
        "docker": {"users": []},
        "wsl": {"user": {"default": "root"}},
    }


def test_without_a_developer_only_the_accounts_that_are_named_are_there(tmp_path: Path) -> None:
    assert accounts(tmp_path, "docker: {}\nwsl: {}\n") == {"docker": {}, "wsl": {}}
    login = "  netrc: {a: {login: me, password: '{{ secret.TOKEN }}'}}\n"
    assert refusals(tmp_path, f"secrets: {{TOKEN: {{env: TOKEN}}}}\nlogins:\n{login}") == [
        "3:1: logins has no accounts: name them in 'users', or have a section 'user'"
    ]


def test_conditions_and_variables_decide_who_the_developer_is(tmp_path: Path) -> None:
    text = (
        "vars: {who: alice}\n"
        'user: {name: {when: wsl, then: "{{ who }}", else: bob}}\n'
        "docker: {when: \"user == 'alice'\"}\n"
        'files: {"{{ home }}/note": {content: "{{ user }}", owner: "{{ user }}"}}\n'
    )
    assert accounts(tmp_path, text, WSL) == {"docker": {"users": ["alice"]}}
    assert accounts(tmp_path, text) == {}
    assert load(tmp_path / "box.yaml", DEBIAN).values["files"] == {
        "/home/bob/note": {"content": "bob", "owner": "bob"}
    }


def test_a_variable_cannot_use_a_name_that_depends_on_variables(tmp_path: Path) -> None:
    text = 'vars: {who: alice, folder: "{{ home }}/x"}\nuser: {name: "{{ who }}"}\n'
    assert refusals(tmp_path, text) == ["2:28: there is no name 'home'; did you mean 'home_of'?"]
    assert refusals(tmp_path, 'vars: {folder: "{{ home }}/x"}\nuser: {name: alice}\n') == []
    circle = "user: {when: user == 'alice', name: alice}\n"
    assert refusals(tmp_path, circle) == ["2:14: there is no name 'user'"]


def test_a_developer_of_other_machines_is_nobody_here(tmp_path: Path) -> None:
    text = 'user: {when: wsl, name: alice}\ndocker: {}\nfiles: {/a: {content: "{{ home }}"}}\n'
    assert accounts(tmp_path, text) == {"docker": {}}
    assert load(tmp_path / "box.yaml", DEBIAN).values["files"] == {"/a": {"content": "/root"}}


def test_explain_names_the_line_that_the_developer_is_from(tmp_path: Path) -> None:
    file = tmp_path / "box.yaml"
    file.write_text("name: box\nuser:\n  name: alice\ndocker: {}\n", "utf-8")
    environment = load(file, DEBIAN)
    assert list(lines(environment, values(environment, "docker"))) == [
        'docker.users[0] = "alice"',
        f"    {file}:3",
    ]


def test_a_template_with_a_fault_in_the_name_is_told_once(tmp_path: Path) -> None:
    told = refusals(tmp_path, 'user: {name: "{{ who }}"}\ndocker: {}\n')
    assert told == ["2:14: there is no name 'who'"]


def test_the_shipped_environments_are_whose_they_are_said_to_be(tmp_path: Path) -> None:
    for shipped in sorted((HOUSE / "environments").glob("*.yaml")):
        file = tmp_path / "box.yaml"
        file.write_text(f"name: box\nextends: {shipped}\nuser: {{name: alice}}\n", "utf-8")
        machine = replace(WSL, wsl_version="2.6.1")
        compiled = repr(compile_environment(load(file, machine), machine))
        assert ("alice" in compiled, "home/dev" in compiled, "'dev'" in compiled) == (
            True,
            False,
            False,
        )


def test_an_editor_asks_for_no_account_that_can_be_left_out() -> None:
    definitions = json_schema()["$defs"]
    assert (definitions["checkouts.Entry"]["required"], "required" in definitions["logins"]) == (
        ["url"],
        False,
    )


# --- Law: each account that a section names is the developer's by default ----------------------

OTHERS = {
    "archives.owner": "root owns what nobody is named for",
    "checks.user": "root runs what nobody is named for",
    "commands.user": "root runs what nobody is named for",
    "docker.daemon.group": "a group",
    "files.group": "a group",
    "files.owner": "root owns what nobody is named for",
    "proxy.containers": "nobody needs containers to have a proxy",
    "user.groups": "groups",
    "user.name": "says who the developer is",
    "users.groups": "groups",
    "virtualenvs.owner": "root owns what lies in no person's home",
    "vscode.workspaces.owner": "root owns what lies in no person's home",
}
"""The fields that hold the name of an account or group, and are not the developer by default."""


def fields(part: Any, definitions: dict[str, Any], path: str) -> Iterator[str]:
    """Yield the fields in a JSON Schema that are names of accounts, and not the developer's."""
    if not isinstance(part, dict) or DEVELOPER in part:
        return
    if str(part.get("pattern", "")).startswith("^[A-Za-z_][A-Za-z0-9_.-]"):
        yield path
    if "$ref" in part:
        yield from fields(definitions[part["$ref"].rpartition("/")[2]], definitions, path)
    for key, inner in part.get("properties", {}).items():
        yield from fields(inner, definitions, f"{path}.{key}")
    tables = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
    for inner in [*tables, part.get("items"), *part.get("anyOf", ())]:
        yield from fields(inner, definitions, path)


def test_each_account_that_a_section_names_is_the_developer_by_default() -> None:
    found = set()
    for name, model in discover().items():
        shape = shape_of(model)
        found |= set(fields(shape.schema, dict(shape.definitions), name))
    assert found == set(OTHERS)
