"""An environment's file becomes typed sections, or every fault of it at its line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_environments import (
    CAPABILITIES,
    MACHINE,
    Docker,
    Sysctl,
    complaint,
    read,
    sections,
)

from envwright.errors import SpecErrors
from envwright.spec.environment import load

# --- What is read -----------------------------------------------------------------------------


def test_an_environment_has_its_sections_in_the_order_of_the_capabilities() -> None:
    environment = read(
        "name: web-dev.1\ndescription: For the web.\nsysctl: {a.b: 1}\ndocker: {users: [ada]}\n"
    )
    assert environment.name == "web-dev.1"
    assert environment.description == "For the web."
    assert environment.file == "x.yaml"
    assert environment.sections == (Docker(users=["ada"]), Sysctl({"a.b": 1}))
    assert environment.secrets.names == ()


def test_strict_models_take_lists_for_tuples() -> None:
    assert sections("docker: {groups: [a, b]}")["docker"].groups == ("a", "b")


def test_places_are_those_of_the_nearest_node() -> None:
    environment = read(
        "name: x\ndocker:\n  users:\n    - ada\n    - bob\n  daemon: {mtu: 99}\n"
        "packages:\n  - git\n  - jq\n"
    )
    assert environment.place("docker") == ("x.yaml", 2)
    assert environment.place("docker", ("users",)) == ("x.yaml", 3)
    assert environment.place("docker", ("users", 1)) == ("x.yaml", 5)
    assert environment.place("docker", ("users", 7)) == ("x.yaml", 3)
    assert environment.place("docker", ("daemon", "mtu")) == ("x.yaml", 6)
    assert environment.place("docker", ("kernel", "x")) == ("x.yaml", 2)
    assert environment.place("packages", ("install", 1)) == ("x.yaml", 9)


def test_validators_learn_where_files_are_and_render_them() -> None:
    Path("motd").write_text("{{ codename }}", encoding="utf-8")
    found = sections("files: {/a: {source: motd}, /b: {template: motd}}")["files"].root
    assert (found["/a"].source, found["/b"].template) == ("{{ codename }}", "trixie")


def test_a_file_whose_template_fails_is_told_at_its_name() -> None:
    Path("motd").write_text("{{ codenam }}", encoding="utf-8")
    assert complaint("name: x\nfiles: {/b: {template: motd}}\n") == [
        "x.yaml:2:24: there is no name 'codenam'; did you mean 'codename'?",
        "    files: {/b: {template: motd}}",
        "                           ^",
    ]


# --- Keys of the file -------------------------------------------------------------------------


def test_an_unknown_capability_is_told_with_the_one_that_was_meant() -> None:
    assert complaint("name: x\ndokcer: {}\n") == [
        "x.yaml:2:1: there is no capability 'dokcer'; did you mean 'docker'?",
        "    dokcer: {}",
        "    ^",
        "hint: `envwright explain` lists the capabilities",
    ]


def test_an_environment_needs_a_name() -> None:
    assert complaint("docker: {}\n") == [
        "x.yaml:1:1: an environment needs the key 'name'",
        "    docker: {}",
        "    ^",
        "hint: begin the file with `name: my-machine`",
    ]
    assert complaint("name: My Machine\n") == [
        "x.yaml:1:7: 'My Machine' cannot name an environment",
        "    name: My Machine",
        "          ^",
        "hint: use small letters, digits, '.' and '-', and begin with a letter or digit",
    ]
    assert complaint("name: 12\ndescription: [a]\n") == [
        "x.yaml:1:7: name must be text, not the integer 12",
        "    name: 12",
        "          ^",
        "",
        "x.yaml:2:14: description must be text, not a list",
        "    description: [a]",
        "                 ^",
    ]


def test_an_environment_is_a_mapping() -> None:
    assert complaint("- name: x\n")[0] == (
        "x.yaml:1:1: an environment is a mapping of keys, not a list"
    )


def test_an_empty_section_is_not_taken_for_its_defaults() -> None:
    assert complaint("name: x\ndocker:\n") == [
        "x.yaml:2:1: docker is empty",
        "    docker:",
        "    ^",
        "hint: write `docker: {}` to take its defaults, or remove the key",
    ]


def test_a_missing_file_is_an_error_of_the_environment() -> None:
    with pytest.raises(SpecErrors) as caught:
        load("y.yaml", MACHINE, {}, CAPABILITIES)
    assert str(caught.value).splitlines()[0] == "y.yaml: there is no such file"


def test_all_faults_come_at_once_in_the_order_of_lines() -> None:
    lines = complaint("name: X\nsysctl: {ab: 1}\ndocker: {usres: [], users: {{ x }}}\n")
    assert [line for line in lines if line.startswith("x.yaml")] == [
        "x.yaml:3:28: a value that begins with '{{' must be in quotes",
    ]
    lines = complaint("name: X\ndocker: {usres: [], users: a}\nsysctl: {ab: 1}\nfoo: 1\n")
    assert [line for line in lines if line.startswith("x.yaml")] == [
        "x.yaml:1:7: 'X' cannot name an environment",
        "x.yaml:2:10: docker has no key 'usres'; did you mean 'users'?",
        "x.yaml:2:28: docker.users must be a list of text, not text 'a'",
        "x.yaml:3:10: the key 'ab' of sysctl must have a dot",
        "x.yaml:4:1: there is no capability 'foo'",
    ]


# --- Bounds -----------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["docker", "sysctl", "vars", "secrets", "files", "extends", "users"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["users", "daemon", "ports", "sources", "kind", "a.b", "env"]),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_any_values_give_an_environment_or_our_own_errors(values: dict[str, Any]) -> None:
    text = json.dumps({"name": "x", **values})  # which is YAML, too
    try:
        environment = read(text)
    except SpecErrors as errors:
        assert all("pydantic" not in str(error) for error in errors.errors)  # noqa: PT017 - or not
    else:
        assert environment.name == "x"


def test_an_environment_without_templates_needs_no_jinja2() -> None:
    code = (
        "import sys, envwright.spec.environment; "
        "print([m for m in ('jinja2', 'pyinfra', 'testinfra') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
