"""A lock makes the value of its layer final: no layer above, and no variable, changes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_environments import CAPABILITIES, MACHINE

from envwright.errors import SpecErrors
from envwright.spec.environment import load
from envwright.spec.paths import resolved
from envwright.spec.policy import shapes_of

BASE = """\
name: base
vars: {mtu: 1400, size: "{{ mtu }}", other: 1, wide: true}
secrets: {token: {env: TOKEN}}
docker: {when: wide, users: [ada], daemon: {mtu: "{{ size }}", log-driver: local}}
sysctl: {a.b: 1, c.d: 2}
packages: [git, jq]
files:
  defaults: {mode: "0600"}
  /a: {content: "{{ secret.token }}"}
  /b: {content: b, mode: "0640"}
"""
LOCK = "policy: {{locked: {{{}: {{reason: so be it}}}}}}\n"


def judged(lock: str, *layers: str, variables: dict[str, Any] | None = None) -> list[str]:
    """Return what breaks a lock of the base; each layer extends the one before it."""
    Path("0.yaml").write_text(BASE + LOCK.format(lock), encoding="utf-8")
    for number, text in enumerate(layers, 1):
        Path(f"{number}.yaml").write_text(f"extends: {number - 1}.yaml\n{text}\n", encoding="utf-8")
    try:
        load(f"{len(layers)}.yaml", MACHINE, variables or {}, CAPABILITIES)
    except SpecErrors as errors:
        return [
            f"{error.file}:{error.line}:{getattr(error, 'column', 0)} {error.summary}"
            for error in errors.errors
        ]
    return []


def test_a_broken_lock_is_told_with_both_places_the_reason_and_the_way_out() -> None:
    Path("base.yaml").write_text(
        "name: base\ndocker: {daemon: {mtu: 1400}}\npolicy:\n  locked:\n"
        "    docker.daemon.mtu: {reason: the VPN drops larger packets, until: 2999-01-01}\n",
        encoding="utf-8",
    )
    Path("team.yaml").write_text(
        "extends: base.yaml\ndocker: {daemon: {mtu: 1500}}\n", encoding="utf-8"
    )
    with pytest.raises(SpecErrors) as caught:
        load("team.yaml", MACHINE, {}, CAPABILITIES)
    assert str(caught.value) == (
        "team.yaml:2:24: docker.daemon.mtu is locked by base.yaml:5 until 2999-01-01: "
        "the VPN drops larger packets\n"
        "    docker: {daemon: {mtu: 1500}}\n"
        "                           ^\n"
        "hint: remove it here; only base.yaml can lift the lock"
    )


@pytest.mark.parametrize(
    ("lock", "layer", "column"),
    [
        ("docker.daemon.mtu", "docker: {daemon: {mtu: 1400}}", 24),
        ("docker.daemon.mtu", "docker: {daemon: {mtu: null}}", 19),
        ("docker.daemon.mtu", "docker: {daemon: null}", 10),
        ("docker.daemon.mtu", "docker: null", 1),
        ("docker.daemon.mtu", "docker: !replace {}", 9),
        ("docker.daemon.mtu", "docker: {when: wsl, daemon: {mtu: 1}}", 35),
        ("docker.daemon.mtu", "docker: {daemon: {mtu: {when: wsl, then: 1400}}}", 24),
        ("docker.daemon.mtu", "docker: {daemon: {when: wsl, then: {mtu: 1}, else: {}}}", 42),
        ("docker.daemon", "docker: {daemon: {live-restore: true}}", 18),
        ("docker.users", "docker: {users: [bob]}", 17),
        ("docker", "docker: {groups: [bob]}", 9),
        ("packages.install", "packages: [curl]", 11),
        ("packages", "packages: {install: !remove [jq]}", 11),
        ("sysctl.a.b", "sysctl: {\"a.{{ 'b' }}\": 1}", 25),
        ("vars.mtu", "vars: {mtu: 1}", 13),
        ("secrets.token", "secrets: {token: {file: x}}", 18),
        ('files."/a"', 'files: {defaults: {mode: "0644"}}', 26),
        ('files."/a".mode', 'files: {defaults: {mode: "0644"}}', 26),
        ('files."/b"', "files: {defaults: {source: x}}", 28),
    ],
)
def test_whatever_says_something_of_a_locked_key_breaks_the_lock(
    lock: str, layer: str, column: int
) -> None:
    shown = lock.replace("sysctl.a.b", 'sysctl."a.b"').replace('"/a"', "/a").replace('"/b"', "/b")
    assert f"1.yaml:2:{column} {shown} is locked by 0.yaml:11: so be it" in judged(lock, layer)


@pytest.mark.parametrize(
    ("lock", "layer"),
    [
        ("docker.daemon.mtu", "docker: {users: [bob], daemon: {live-restore: true}}"),
        ("sysctl.a.b", "sysctl: {c.d: null}"),
        ('files."/b".mode', 'files: {defaults: {mode: "0644"}, /a: {mode: "0600"}}'),
        ("docker.users", "vars: {mtu: 1300}"),
        ("docker.daemon.mtu", "vars: {other: 2, new: 3}"),
        ("packages", "vars: {wide: false}"),
    ],
)
def test_a_lock_leaves_what_stands_beside_it_alone(lock: str, layer: str) -> None:
    assert judged(lock, layer) == []


@pytest.mark.parametrize("name", ["mtu", "size", "wide"])
def test_a_variable_that_a_locked_value_or_its_condition_names_is_locked_too(name: str) -> None:
    why = f"the variable '{name}' decides docker.daemon.mtu, which is locked by 0.yaml:11: so be it"
    value = "false" if name == "wide" else "1300"
    assert judged("docker.daemon.mtu", f"vars: {{{name}: {value}}}") == [
        f"1.yaml:2:{10 + len(name)} {why}"
    ]
    assert judged("docker.daemon.mtu", variables={name: value}) == [f":0:0 {why}"]


def test_a_secret_in_a_locked_value_and_a_locked_variable_are_given_by_nobody_else() -> None:
    why = "which is locked by 0.yaml:11: so be it"
    assert judged('files."/a".content', "secrets: {token: {env: MINE}}") == [
        f"1.yaml:2:18 the secret 'token' decides files./a.content, {why}"
    ]
    assert judged("vars.other", variables={"other": "2"}) == [
        ":0:0 vars.other is locked by 0.yaml:11: so be it"
    ]


def test_a_layer_above_two_others_is_told_of_the_locks_of_both() -> None:
    middle = "docker: {groups: [a]}\npolicy: {locked: {docker.groups: {reason: mine}}}"
    top = "docker: {groups: [b], daemon: {mtu: 1500}}"
    assert judged("docker.daemon.mtu", middle, top) == [
        "2.yaml:2:18 docker.groups is locked by 1.yaml:3: mine",
        "2.yaml:2:37 docker.daemon.mtu is locked by 0.yaml:11: so be it",
    ]


# --- The property: what no lock complains of changes no locked value -----------------------------

DAEMON = st.sampled_from(
    ["{mtu: 99}", "{live-restore: true}", "null", "!replace {}", "{mtu: {when: not wsl, then: 99}}"]
)
PARTS = {
    "vars": st.sampled_from(["{mtu: 99}", "{wide: false}", "{other: 5}", "{size: 99}"]),
    "docker": st.one_of(
        DAEMON.map("{{daemon: {}}}".format),
        DAEMON.map("{{when: not wsl, daemon: {}}}".format),
        st.sampled_from(["{users: [eve]}", "{users: []}", "null", "{groups: [g]}", "{when: wsl}"]),
    ),
    "sysctl": st.sampled_from(["{a.b: 9}", "{'a.{{ other }}': 9}", "{c.d: null}", "{e.f: 1}"]),
    "packages": st.sampled_from(["[curl]", "!remove [jq]", "{install: !replace [a2]}", "null"]),
    "files": st.sampled_from(
        [
            '{defaults: {mode: "0777"}}',
            '{/a: {mode: "0777"}}',
            "{/c: {content: c}}",
            "{/b: null}",
            "{defaults: {content: x}}",
            "{defaults: null}",
        ]
    ),
}
LAYER = st.fixed_dictionaries({}, optional=PARTS).map(
    lambda parts: "\n".join(f"{key}: {value}" for key, value in parts.items())
)
LOCKS = st.sampled_from(
    [
        "docker",
        "docker.daemon",
        "docker.daemon.mtu",
        "docker.users",
        "docker.groups",
        "sysctl",
        "sysctl.a.b",
        "packages",
        "packages.install",
        'files."/a"',
        'files."/a".mode',
        'files."/b"',
        'files."/b".mode',
    ]
)


def valued(path: str, file: str) -> Any:
    """Return the value at a path of an environment, with the defaults of the models."""
    value: Any = {
        key: json.loads(each.model_dump_json(by_alias=True))
        for each in load(file, MACHINE, {}, CAPABILITIES).sections
        for key in [each.section]
    }
    for key in resolved(path, shapes_of(CAPABILITIES)):
        value = value.get(key) if isinstance(value, dict) else value
    return value


@given(LOCKS, LAYER, LAYER)
def test_what_breaks_no_lock_changes_no_locked_value(lock: str, low: str, high: str) -> None:
    if judged(lock, low, high) == []:
        assert valued(lock, "2.yaml") == valued(lock, "0.yaml")
