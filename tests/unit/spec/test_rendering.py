"""Templates in values are rendered with facts and variables, or refused at their line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from small_environments import (
    CAPABILITIES,
    MACHINE,
    complaint,
    content,
    sections,
)

from envwright.model.capability import Capability
from envwright.spec import rendering
from envwright.spec.environment import load

NO_VALUE = "the template gives what no value can be"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ('"{{ codename }}-{{ architecture }}"', "trixie-amd64"),
        ("{% if wsl %}a{% else %}b{% endif %}", '"'),
        ('"{{ 1 + 2 }}"', 3),
        ('"{{ 1 + 2 }}px"', "3px"),
        ('"{{- release | int -}}"', 13),
        ('"{{ user }} {{ home }}"', "root /root"),
        ("\"{{ home_of('ada') }}\"", "/srv/ada"),
        ("\"{{ home_of('bob') }}\"", "/home/bob"),
        ('"{% raw %}{{ x }}{% endraw %}"', "{{ x }}"),
        ("\"{{ nothing | default('y') }}\"", "y"),
        ("\"{% for i in [1, 2] %}{{ i ~ '-' }}{% endfor %}\"", "1-2-"),
        ("\"{{ ['a', 'b'] | join(', ') | replace('a', 'c') }}\"", "c, b"),
    ],
)
def test_templates_are_rendered_with_facts(template: str, value: object) -> None:
    if template.startswith("{"):
        template, value = f"'{template}'", "b"
    assert content(template) == value


def test_variables_see_facts_and_the_variables_before_them() -> None:
    head = (
        'vars:\n  base: "/opt/{{ codename }}"\n  tool: "{{ base }}/tool"\n  names: [a, "{{ 3 }}"]'
    )
    assert content('"{{ tool }} {{ names[1] + 1 }}"', head) == "/opt/trixie/tool 4"


def test_home_is_that_of_the_user_of_the_environment() -> None:
    class User(Capability):
        name: str
        developer = "name"

    known: dict[str, Any] = {**CAPABILITIES, "user": User}

    def home(name: str) -> str:
        Path("x.yaml").write_text(
            f"name: x\nvars: {{login: ada}}\nuser: {{name: {name}}}\n"
            'sysctl: {a.b: "{{ home }}"}\n',
            encoding="utf-8",
        )
        return str(load("x.yaml", MACHINE, {}, known).sections[0].root["a.b"])  # type: ignore[union-attr]

    assert home("bob") == "/home/bob"
    assert home('"{{ login }}"') == "/srv/ada"


def test_a_single_expression_keeps_its_type_for_strict_models() -> None:
    head = "vars: {size: 1400, users: [ada], on: true}\n"
    text = 'docker: {users: "{{ users }}", daemon: {mtu: "{{ size }}", live-restore: "{{ on }}"}}'
    found = sections(head + text)["docker"]
    assert (found.users, found.daemon.mtu, found.daemon.live_restore) == (["ada"], 1400, True)


def test_an_undefined_name_is_told_with_the_one_that_was_meant() -> None:
    assert complaint('name: x\nsysctl:\n  a.b: "{{ codenam }}"\n') == [
        "x.yaml:3:8: there is no name 'codenam'; did you mean 'codename'?",
        '      a.b: "{{ codenam }}"',
        "           ^",
        (
            "hint: names here: architecture, codename, container, cpus, desktop, distribution, "
            "distro, gpu, home, home_of, kernel, memory, release, secret, user, wsl, "
            "wsl_version; write {% raw %}{{ }}{% endraw %} for literal braces"
        ),
    ]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ codename", "the template cannot be read: unexpected end of template, "),
        ("{{ a b }}", "the template cannot be read: expected token 'end of print statement'"),
        ("{{ range(10**9) }}", "the template is refused: templates have no operator '**'"),
        ("{{ range(9) }}", "there is no name 'range'"),
        ("{{ 'x' * 1000000000 }}", "the template is refused: templates have no operator '*'"),
        ("{{ '%1000000000d' % 1 }}", "the template is refused: templates have no operator '%'"),
        ("{{ 99999999999 * 99999999999 }}", "the template is refused: a number has more than 64"),
        ("{{ 'x' | center(1000000000) }}", "there is no filter 'center'"),
        ("{{ 'x'.ljust(1000000000) }}", "text 'x' has no 'ljust'"),
        ("{{ ''.__class__.__mro__ }}", "empty text has no '__class__'"),
        ("{% set a = 1 %}", "the template is refused: the only statements in values are 'if'"),
        ("{% include 'x' %}", "the template is refused: the only statements in values are 'if'"),
        (r"{{ '\\0' }}", f"{NO_VALUE}: this text holds the character U+0000"),
        (r"a {{ '\\x00' }}", f"{NO_VALUE}: this text holds the character U+0000"),
        (r"{{ ['\\ud800'] }}", f"{NO_VALUE}: this text holds the character U+D800"),
        ("{{ '1e999' | float }}", f"{NO_VALUE}: this number is not finite"),
        ("{{ [1e999] }}", f"{NO_VALUE}: this number is not finite"),
        ("{{ 0x" + "f" * 17 + " }}", f"{NO_VALUE}: this number has more than 64 bits"),
        ("{{ " + "9" * 5000 + " }}", "the template fails: Exceeds the limit"),
        ("{{ 1 / 0 }}", "the template fails: division by zero"),
        ("{{ [1] | map('abs') }}", "the template gives a generator, which is no value of YAML"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "the template is nested too deep"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_told(template: str, said: str) -> None:
    start = time.perf_counter()
    first, *_ = complaint(f'name: x\nsysctl:\n  a.b: "{template}"\n')
    assert first.startswith(f"x.yaml:3:8: {said}")
    assert time.perf_counter() - start < 2


def test_templates_cannot_grow_beyond_bounds() -> None:
    doubling = "\n".join(f'  v{i}: "{{{{ v{i - 1} ~ v{i - 1} }}}}"' for i in range(1, 40))
    first, *_ = complaint(f"name: x\nvars:\n  v0: xxxxxxxx\n{doubling}\n")
    assert first == "x.yaml:21:8: the template is refused: it makes more than 1048576 characters"
    loops = "{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %}"
    first, *_ = complaint(f'name: x\nvars: {{l: [{"1, " * 99}]}}\nsysctl: {{a.b: "{loops}"}}\n')
    assert first == ("x.yaml:3:15: the template is refused: its loops make more than 10000 steps")


def test_many_templates_together_cannot_grow_beyond_bounds() -> None:
    half = "x" * 500_000
    values = "\n".join(f'  a.v{i}: "{{{{ half | upper }}}}"' for i in range(20))
    found = complaint(f"name: x\nvars: {{half: {half}}}\nsysctl:\n{values}\n")
    assert {line.partition(": ")[2] for line in found if "refused" in line} == {
        "the template is refused: all templates make more than 8388608 characters"
    }


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in l %}{% for b in l %}{{ l | sort | join | length }}{% endfor %}{% endfor %}",
        "{{ half" + " | upper | lower" * 40 + " }}",
        "{{ half" + ".upper().lower()" * 40 + " }}",
    ],
)
def test_templates_cannot_take_longer_than_a_bound(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "SECONDS", 0.02)
    monkeypatch.setattr(rendering, "CHARACTERS", 1 << 40)
    names = f"{{half: {'x' * 500_000}, l: [{'1, ' * 99}]}}"
    start = time.perf_counter()
    first, *_ = complaint(f'name: x\nvars: {names}\nsysctl: {{a.b: "{template}"}}\n')
    assert first == "x.yaml:3:15: the template is refused: all templates take more than 0.02 s"
    assert time.perf_counter() - start < 2


def test_a_failed_template_is_complained_of_once() -> None:
    lines = complaint('name: x\ndocker: {users: "{{ nothing }}", daemon: {mtu: 1}}\n')
    assert [line for line in lines if line.startswith("x.yaml")] == [
        "x.yaml:2:17: there is no name 'nothing'",
        "x.yaml:2:48: docker.daemon.mtu must be an integer of at least 68, not the integer 1",
    ]
