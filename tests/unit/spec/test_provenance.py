"""Every value of an environment has one layer that it is from, and the layers that it hides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_environments import CAPABILITIES, MACHINE

from envwright.errors import EnvwrightError
from envwright.spec import provenance
from envwright.spec.environment import load
from envwright.spec.paths import written
from envwright.spec.provenance import values

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def lines(environment: Environment, key: str = "") -> list[str]:
    """Return what is told of the values at and below a key."""
    return [*provenance.lines(environment, values(environment, key))]


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
        "packages.install": (["jq"], "team.yaml:6", [("base.yaml:6", "git")]),
        "files./a.mode": ("0600", "base.yaml:8", []),
        "files./a.content": ("a", "base.yaml:9", []),
    }


def test_a_key_is_explained_in_lines(team: Environment) -> None:
    assert lines(team, "docker.daemon") == [
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
    assert lines(team, key) == ['sysctl."a.b" = 1', "    base.yaml:5"]


def test_a_key_that_no_layer_has_is_told_with_the_one_that_was_meant(team: Environment) -> None:
    with pytest.raises(EnvwrightError) as caught:
        values(team, "docker.daemon.mut")
    assert str(caught.value) == (
        "team.yaml says nothing of 'docker.daemon.mut'; did you mean 'docker.daemon.mtu'?\n"
        "hint: `envwright explain docker` tells the defaults"
    )


# --- Every leaf has one winner, and all that loses is told with the reason -----------------------

LAYERS = """\
name: low
packages: [git, jq, {when: wsl, then: [wslu, nano]}]
docker: {users: [ada], daemon: {mtu: {when: wsl, then: 1300, else: 1500}}}
files:
  defaults: {mode: "0600", content: d}
  /a: {mode: "0640"}
---
packages: {install: [curl]}
docker: {when: wsl, users: [eve], daemon: {mtu: 1400}}
files: {/a: {content: a}}
---
name: high
packages: !remove [jq]
docker: {users: [bob], daemon: {mtu: 1450}}
policy:
  locked:
    files./a: {reason: so be it, until: 2020-02-03}
    docker: {reason: so be it}
  bounds:
    packages: {reason: so be it, contains: [git]}
"""


def stacked(text: str) -> Environment:
    """Load layers that are divided by `---`, the last one highest."""
    for number, layer in enumerate(text.split("---\n")):
        head = f"extends: {number - 1}.yaml\n" if number else ""
        Path(f"{number}.yaml").write_text(layer + head, encoding="utf-8")
    return load(f"{text.count('---')}.yaml", MACHINE, {}, CAPABILITIES)


def test_each_layer_that_loses_is_told_with_the_reason_and_each_rule_with_its_layer() -> None:
    locked, ended = "locked by 2.yaml:7: so be it", "the lock of files./a ended on 2020-02-03"
    bound = 'bound by 2.yaml:9 (contains ["git"]): so be it'
    assert [line.strip() for line in lines(stacked(LAYERS))] == [
        *('name = "high"', "2.yaml:1", '0.yaml:1 says "low", which 2.yaml hides'),
        *('packages.install[0] = "git"', "0.yaml:2", bound),
        *('packages.install[1] = "curl"', "1.yaml:1", bound),
        *('packages.install = ["git", "curl"]', "2.yaml:2"),
        '0.yaml:2 says ["wslu", "nano"], for machines where "wsl" is true',
        *('0.yaml:2 says "jq", which 2.yaml:2 removes', bound),
        *('docker.users[0] = "bob"', "2.yaml:3", locked),
        *('docker.users = ["bob"]', "2.yaml:3", '0.yaml:3 says ["ada"], which 2.yaml hides'),
        *('1.yaml:2 says ["eve"], for machines where "wsl" is true', locked),
        *("docker.daemon.mtu = 1450", "2.yaml:3", "0.yaml:3 says 1500, which 2.yaml hides"),
        '1.yaml:2 says 1400, for machines where "wsl" is true',
        '0.yaml:3 says 1300, for machines where "wsl" is true',
        locked,
        *('files./a.mode = "0640"', "0.yaml:6", '0.yaml:5 says "0600", which 0.yaml hides'),
        f"{ended}, and holds no longer",
        *('files./a.content = "a"', "1.yaml:3", '0.yaml:5 says "d", which 1.yaml hides'),
        f"{ended}, and holds no longer",
    ]


WORDS = st.lists(st.sampled_from(["aa", "bb", "cc"]), min_size=1, max_size=3, unique=True)
LISTS = st.builds(
    "{} [{}]".format, st.sampled_from(["", "!append", "!remove", "!replace"]), WORDS.map(", ".join)
)
MTU = st.sampled_from(["100", "200", "{when: wsl, then: 300, else: 400}", "{when: wsl, then: 5}"])
ONE = st.fixed_dictionaries(
    {},
    optional={
        "packages": LISTS,
        "docker": st.one_of(
            MTU.map("{{daemon: {{mtu: {}}}}}".format),
            MTU.map("{{when: wsl, daemon: {{mtu: {}}}}}".format),
            LISTS.map("{{users: {}}}".format),
        ),
        "files": st.sampled_from(
            ["{defaults: {mode: '0600'}}", "{/a: {mode: '0640'}}", "{/a: {}}"]
        ),
    },
).map(lambda parts: "".join(f"{key}: {value}\n" for key, value in parts.items()) or "vars: {}\n")


def scalars(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the paths and places of the single values of a tree, but of conditions."""
    if isinstance(node.value, Mapping):
        for key, entry in node.value.items():
            if key != "when":
                step = () if key in {"then", "else"} else (key,)
                yield from scalars(entry.node, (*path, *step))
    elif isinstance(node.value, tuple):
        for item in node.value:
            yield from scalars(item, (*path, "install") if path == ("packages",) else path)
    elif node.value is not None:
        yield path, node.at


@given(ONE, ONE, ONE)
def test_whatever_a_layer_writes_of_a_value_wins_or_is_told_as_hidden(
    low: str, middle: str, high: str
) -> None:
    environment = stacked("---\n".join([f"name: x\n{low}", middle, f"name: y\n{high}"]))
    told: dict[tuple[str, ...], set[str]] = {}
    for value in values(environment):
        keys = tuple(step for step in value.path if isinstance(step, str))
        told.setdefault(keys, set()).update([value.origin, *(each.place for each in value.hidden)])
    for root in environment.written:
        for path, at in scalars(root, ()):
            if path in told:
                assert f"{at.source.file}:{at.line}" in told[path]


def test_the_same_item_of_a_lower_layer_is_told_with_the_item_that_replaces_it() -> None:
    Path("0.yaml").write_text('packages: ["git=1.*"]\n', encoding="utf-8")
    Path("1.yaml").write_text("name: x\nextends: 0.yaml\npackages: [git]\n", encoding="utf-8")
    assert lines(load("1.yaml", MACHINE), "packages") == [
        'packages.install[0] = "git"',
        "    1.yaml:3",
        '    0.yaml:1 says "git=1.*", which 1.yaml:3 replaces',
    ]
