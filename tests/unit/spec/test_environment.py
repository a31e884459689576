"""An environment's file becomes typed sections, or every fault of it at its line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envwright.errors import SpecErrors
from envwright.facts import Account, Accounts, Machine
from envwright.model.capability import Capability, Settings, TableCapability
from envwright.model.values import LocalTemplate, LocalText, Mode  # noqa: TC001 - pydantic looks them up when classes are made
from envwright.spec.environment import Environment, load


class Archive(Settings):
    kind: Literal["archive"]
    url: str
    size: int = Field(default=1, ge=1)


class Directory(Settings):
    kind: Literal["directory"]
    mode: Mode = "0755"


class Port(Settings):
    inside: int = Field(ge=1, le=65535)
    outside: int


class Daemon(Settings):
    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    log_driver: Literal["local", "json-file"] | None = None
    live_restore: bool = False
    mtu: int = Field(default=1500, ge=68)


class Docker(Capability):
    section = "docker"
    example = "docker: {}"

    users: list[Annotated[str, Field(pattern="^[a-z]+$")]] = Field(default=[])
    groups: tuple[str, ...] = ()
    daemon: Daemon = Daemon()
    ports: list[int | str | Port] = Field(default=[])
    sources: list[Annotated[Archive | Directory, Field(discriminator="kind")]] = Field(default=[])
    kernel: str | None = None

    @model_validator(mode="after")
    def _sense(self) -> Docker:
        if "root" in self.users:
            raise ValueError("root needs no group: leave it out of docker.users")
        if "nobody" in self.users:
            raise ValueError("must not let nobody in")
        return self


def dotted(name: str) -> str:
    if "." not in name:
        raise ValueError("must have a dot")
    return name


class Sysctl(TableCapability):
    section = "sysctl"
    example = "sysctl: {vm.swappiness: 10}"

    root: dict[Annotated[str, AfterValidator(dotted)], int | str]


class Entry(Settings):
    content: str = ""
    source: LocalText | None = None
    template: LocalTemplate | None = None
    mode: Mode = "0644"


class Files(TableCapability):
    section = "files"
    example = "files: {}"

    root: dict[str, Entry]


class Packages(Capability):
    model_config = ConfigDict(json_schema_extra={"short": "install"})
    section = "packages"
    example = "packages: [git]"

    install: list[Annotated[str, Field(min_length=2)]] = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"install": value} if isinstance(value, list) else value


CAPABILITIES: dict[str, Any] = {
    "docker": Docker,
    "files": Files,
    "packages": Packages,
    "sysctl": Sysctl,
}
DEV = Account("ada", 1000, "ada", "/srv/ada", "/bin/bash", ())
MACHINE = Machine(
    distro="debian",
    release="13",
    codename="trixie",
    architecture="amd64",
    kernel="6.12.0",
    wsl=False,
    distribution="",
    booted=True,
    accounts=Accounts({"ada": DEV}, {}),
)


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, **variables: str) -> Environment:
    Path("x.yaml").write_text(text, encoding="utf-8")
    return load("x.yaml", MACHINE, variables, CAPABILITIES)


def sections(text: str, **variables: str) -> dict[str, Any]:
    environment = read(f"name: x\n{text}", **variables)
    return {type(s).__name__.lower(): s for s in environment.sections}


def content(text: str, head: str = "", **variables: str) -> Any:
    """Return what a template gives as a value of a free table."""
    found = sections(f"{head}\nsysctl:\n  a.b: {text}\n", **variables)
    return found["sysctl"].root["a.b"]


def complaint(text: str, **variables: str) -> list[str]:
    with pytest.raises(SpecErrors) as caught:
        read(text, **variables)
    return str(caught.value).splitlines()


def about(text: str) -> list[str]:
    """Return the complaint of a docker section, after the three lines that are the place."""
    lines = complaint(f"name: x\ndocker: {text}\n")
    return [lines[0].removeprefix("x.yaml:2:"), *lines[3:]]


# --- What is read ----------------------------------------------------------------------------


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


# --- Keys of the file ------------------------------------------------------------------------


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
        "hint: small letters, digits, '.' and '-', beginning with a letter or digit",
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


# --- Values of sections ----------------------------------------------------------------------


def test_an_unknown_key_is_shown_with_its_line() -> None:
    assert complaint("name: x\ndocker:\n  usres: [dev]\n") == [
        "x.yaml:3:3: docker has no key 'usres'; did you mean 'users'?",
        "      usres: [dev]",
        "      ^",
        "hint: envwright explain docker lists its keys",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "{daemon: {log-drivr: local}}",
            [
                "19: docker.daemon has no key 'log-drivr'; did you mean 'log-driver'?",
                "hint: envwright explain docker.daemon lists its keys",
            ],
        ),
        (
            "{daemon: {log_driver: local}}",
            [
                "19: docker.daemon has no key 'log_driver'; did you mean 'log-driver'?",
                "hint: envwright explain docker.daemon lists its keys",
            ],
        ),
        (
            "{users: dev}",
            ["17: docker.users must be a list of text, not text 'dev'", "hint: write [dev]"],
        ),
        (
            "{users: [3.10]}",
            [
                "18: docker.users[0] must be text that matches ^[a-z]+$, not the number 3.1",
                'hint: put it in quotes: "3.10"',
            ],
        ),
        (
            "{users: [a, B]}",
            ["21: docker.users[1] must be text that matches ^[a-z]+$, not text 'B'"],
        ),
        (
            "{daemon: {live-restore: yes}}",
            [
                "33: docker.daemon.live-restore must be true or false, not text 'yes'",
                "hint: in YAML 1.2 yes is text; write true",
            ],
        ),
        (
            '{daemon: {mtu: "1400"}}',
            [
                "24: docker.daemon.mtu must be an integer of at least 68, not text '1400'",
                "hint: write 1400 without quotes",
            ],
        ),
        (
            "{daemon: {mtu: 1_400}}",
            [
                "24: docker.daemon.mtu must be an integer of at least 68, not text '1_400'",
                "hint: write 1400",
            ],
        ),
        (
            "{daemon: {mtu: 3}}",
            ["24: docker.daemon.mtu must be an integer of at least 68, not the integer 3"],
        ),
        (
            "{daemon: {log-driver: jornald}}",
            [
                "31: docker.daemon.log-driver must be 'local' or 'json-file', not text 'jornald'",
            ],
        ),
        (
            "{daemon: null}",
            [
                "10: docker.daemon must be a mapping, not null",
                "hint: write {} to take its defaults",
            ],
        ),
        (
            "{kernel: 6.12}",
            [
                "18: docker.kernel must be text, not the number 6.12",
                'hint: put it in quotes: "6.12"',
            ],
        ),
        (
            "{kernel: {a: b}}",
            [
                "18: docker.kernel must be text, not a mapping",
                "hint: put text that holds ': ' in quotes",
            ],
        ),
        ("[dev]", ["9: docker must be a mapping, not a list"]),
        (
            "{ports: [true]}",
            [
                "18: docker.ports[0] must be an integer, text or a mapping, not true",
                'hint: put it in quotes: "true"',
            ],
        ),
        (
            "{ports: [{inside: 1, outsid: 2}]}",
            [
                "18: docker.ports[0] needs the key 'outside'",
                "hint: envwright explain docker.ports lists its keys",
                "",
                "x.yaml:2:30: docker.ports[0] has no key 'outsid'; did you mean 'outside'?",
                "    docker: {ports: [{inside: 1, outsid: 2}]}",
                "                                 ^",
                "hint: envwright explain docker.ports lists its keys",
            ],
        ),
        (
            "{ports: [{inside: 0, outside: 2}]}",
            [
                "27: docker.ports[0].inside must be an integer from 1 to 65535, not the integer 0",
            ],
        ),
        (
            "{sources: [{kind: archive, url: x, size: 0}]}",
            [
                "50: docker.sources[0].size must be an integer of at least 1, not the integer 0",
            ],
        ),
        (
            "{sources: [{kind: directory, mode: 0644}]}",
            [
                (
                    "44: docker.sources[0].mode must be four octal digits in quotes, "
                    'like "0644", not the integer 644'
                ),
                'hint: without quotes 0644 is the integer 644; write "0644"',
            ],
        ),
        (
            "{sources: [{kind: tree}]}",
            [
                "27: docker.sources[0].kind must be 'archive' or 'directory', not text 'tree'",
            ],
        ),
        (
            "{sources: [{url: x}]}",
            [
                "20: docker.sources[0] needs the key 'kind'",
                "hint: envwright explain docker.sources lists its keys",
            ],
        ),
        ("{users: [root]}", ["9: root needs no group: leave it out of docker.users"]),
        ("{users: [nobody]}", ["9: docker must not let nobody in"]),
    ],
)
def test_a_wrong_value_is_told_by_path_and_what_it_must_be(text: str, lines: list[str]) -> None:
    assert about(text) == lines


def test_a_list_that_is_short_for_a_mapping_is_told_as_it_is_written() -> None:
    assert complaint("name: x\npackages: [git, x]\n") == [
        "x.yaml:2:17: packages[1] must be text of at least 2 characters, not text 'x'",
        "    packages: [git, x]",
        "                    ^",
    ]
    assert complaint("name: x\npackages: git\n") == [
        (
            "x.yaml:2:11: packages must be a mapping, or a list of text for its key 'install', "
            "not text 'git'"
        ),
        "    packages: git",
        "              ^",
    ]


def test_a_missing_key_is_told_at_its_section() -> None:
    lines = complaint("name: x\ndocker:\n  ports:\n    - outside: 1\n")
    assert lines == [
        "x.yaml:4:7: docker.ports[0] needs the key 'inside'",
        "        - outside: 1",
        "          ^",
        "hint: envwright explain docker.ports lists its keys",
    ]


# --- Templates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ('"{{ codename }}-{{ architecture }}"', "trixie-amd64"),
        ("{% if wsl %}a{% else %}b{% endif %}", '"'),
        ('"{{ 1 + 2 }}"', 3),
        ('"{{ 1 + 2 }}px"', "3px"),
        ('"{{- release | int -}}"', 13),
        ('"{{ home }}"', "/root"),
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
            "hint: names here: architecture, codename, distribution, distro, home, home_of, "
            "kernel, release, secret, wsl; for braces that are meant write "
            "{% raw %}{{ }}{% endraw %}"
        ),
    ]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ codename", "the template cannot be read: unexpected end of template, "),
        ("{{ a b }}", "the template cannot be read: expected token 'end of print statement'"),
        ("{{ range(10**9) }}", "the template is refused: '**' is none of its operators"),
        ("{{ range(9) }}", "there is no name 'range'"),
        ("{{ 'x' * 1000000000 }}", "the template is refused: '*' is none of its operators"),
        ("{{ '%1000000000d' % 1 }}", "the template is refused: '%' is none of its operators"),
        ("{{ 99999999999 * 99999999999 }}", "the template is refused: a number has more than 64"),
        ("{{ 'x' | center(1000000000) }}", "there is no filter 'center'"),
        ("{{ 'x'.ljust(1000000000) }}", "text 'x' has no 'ljust'"),
        ("{{ ''.__class__.__mro__ }}", "empty text has no '__class__'"),
        ("{% set a = 1 %}", "the template is refused: the only statements in values are 'if'"),
        ("{% include 'x' %}", "the template is refused: the only statements in values are 'if'"),
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


def test_a_failed_template_is_complained_of_once() -> None:
    lines = complaint('name: x\ndocker: {users: "{{ nothing }}", daemon: {mtu: 1}}\n')
    assert [line for line in lines if line.startswith("x.yaml")] == [
        "x.yaml:2:17: there is no name 'nothing'",
        "x.yaml:2:48: docker.daemon.mtu must be an integer of at least 68, not the integer 1",
    ]


# --- Variables -------------------------------------------------------------------------------


def test_variables_of_the_command_line_win_and_keep_their_types() -> None:
    head = (
        "vars: {word: a, size: 3, ratio: 1.5, flag: false, list: [a], any: null, "
        "after: '{{ size }}'}"
    )
    shown = '"{{ [word, size, ratio, flag, list, any, after] | tojson }}"'
    given = {"word": "22", "size": "4", "ratio": "2", "flag": "true", "list": "[b, c]", "any": "x"}
    assert content(shown, head) == '["a", 3, 1.5, false, ["a"], null, 3]'
    assert content(shown, head, **given) == '["22", 4, 2, true, ["b", "c"], "x", 4]'


def test_variables_of_the_command_line_must_be_declared_and_fit() -> None:
    assert complaint("name: x\nvars: {size: 3}\n", sise="1") == [
        "x.yaml has no variable 'sise'; did you mean 'size'?",
        "hint: it declares size",
    ]
    assert complaint("name: x\n", a="1") == [
        "x.yaml has no variable 'a'",
        "hint: it declares none: see `vars`",
    ]
    assert complaint("name: x\nvars: {size: 3}\n", size="big") == [
        "the variable 'size' cannot be text 'big'",
        "hint: its default is the integer 3",
    ]


def test_variables_of_the_command_line_are_no_templates() -> None:
    assert content('"{{ a }}"', "vars: {a: x}", a="{{ codename }}") == "{{ codename }}"


def test_wrong_variables_are_told() -> None:
    lines = complaint(
        "name: x\nvars:\n  a-b: 1\n  codename: x\n  if: 1\n  deep: {a: 1}\n  list: [[1]]\n"
    )
    assert [line for line in lines if line.startswith(("x.yaml", "hint"))] == [
        "x.yaml:3:3: 'a-b' cannot name a variable",
        "hint: a name has letters, digits and '_'",
        "x.yaml:4:3: 'codename' cannot name a variable: it is a fact of the machine",
        "x.yaml:5:3: 'if' cannot name a variable: it is a word of the template language",
        "x.yaml:6:9: the variable 'deep' cannot be a mapping",
        "hint: a variable is text, a number, true, false, or a list of these",
        "x.yaml:7:9: the variable 'list' cannot be a list of such items",
        "hint: a variable is text, a number, true, false, or a list of these",
    ]
    assert complaint("name: x\nvars: [a]\n")[0] == (
        "x.yaml:2:7: vars must be a mapping, not a list"
    )


# --- Secrets ---------------------------------------------------------------------------------


def test_a_secret_renders_to_a_marker() -> None:
    head = "secrets: {npm_token: {env: NPM_TOKEN}}"
    text = '"Bearer {{ secret.npm_token }}"'
    assert content(text, head) == "Bearer ⟦secret:npm_token⟧"
    assert read(f"name: x\n{head}\n").secrets.names == ("npm_token",)


def test_an_undeclared_secret_is_told_with_the_one_that_was_meant() -> None:
    head = "name: x\nsecrets: {npm_token: {env: A}}\n"
    assert complaint(head + 'sysctl: {a.b: "{{ secret.npm_tokn }}"}\n') == [
        "x.yaml:3:15: there is no secret 'npm_tokn'; did you mean 'npm_token'?",
        '    sysctl: {a.b: "{{ secret.npm_tokn }}"}',
        "                  ^",
        "hint: declared: npm_token",
    ]


def test_a_secret_that_a_template_changes_is_told() -> None:
    head = "name: x\nsecrets: {t: {env: A}}\nvars: {auth: '{{ secret.t }}'}\n"
    assert complaint(head + 'sysctl: {a.b: "{{ auth | upper }}"}\n') == [
        "x.yaml:4:15: a secret cannot be changed by a template",
        '    sysctl: {a.b: "{{ auth | upper }}"}',
        "                  ^",
        "hint: write {{ secret.NAME }} without filters",
    ]


def test_wrong_declarations_of_secrets_are_told() -> None:
    lines = complaint(
        "name: x\nsecrets:\n  a: {env: A, file: b}\n  b: {enw: A}\n  c-d: {env: A}\n  e: x\n"
    )
    assert [line for line in lines if line.startswith(("x.yaml", "hint"))] == [
        "x.yaml:3:6: secrets.a needs exactly one of 'env', 'file' and 'command'",
        "x.yaml:4:7: secrets.b has no key 'enw'; did you mean 'env'?",
        "hint: its keys are 'env', 'file' and 'command'",
        "x.yaml:5:3: 'c-d' cannot name a secret",
        "hint: a name has letters, digits and '_'",
        "x.yaml:6:6: secrets.e must be a mapping, not text 'x'",
    ]


# --- Layers ----------------------------------------------------------------------------------


def test_an_environment_is_laid_over_the_ones_that_it_extends() -> None:
    Path("base").mkdir()
    Path("base/a.yaml").write_text(
        "name: a\ndocker:\n  users: [ada]\n  daemon: {mtu: 99, live-restore: true}\n"
        "sysctl: {a.b: 1, c.d: 2}\npackages: [git]\n",
        encoding="utf-8",
    )
    Path("base/b.yaml").write_text("name: b\nsysctl: {a.b: 5}\n", encoding="utf-8")
    environment = read(
        "name: x\nextends: [base/a.yaml, base/b.yaml]\n"
        "docker: {daemon: {mtu: 100}}\nsysctl: {c.d: null}\npackages: null\n"
    )
    assert environment.name == "x"
    assert environment.sections == (
        Docker(users=["ada"], daemon=Daemon.model_validate({"mtu": 100, "live-restore": True})),
        Sysctl({"a.b": 5}),
    )
    assert environment.place("docker", ("daemon", "mtu")) == ("x.yaml", 3)
    assert environment.place("docker", ("users", 0)) == ("base/a.yaml", 3)
    assert environment.place("sysctl", ("a.b",)) == ("base/b.yaml", 2)


def test_faults_of_an_extended_file_are_shown_in_that_file() -> None:
    Path("base.yaml").write_text("name: a\ndocker:\n  usres: [ada]\n", encoding="utf-8")
    assert complaint("name: x\nextends: base.yaml\nfoo: 1\n") == [
        "x.yaml:3:1: there is no capability 'foo'",
        "    foo: 1",
        "    ^",
        "hint: `envwright explain` lists the capabilities",
        "",
        "base.yaml:3:3: docker has no key 'usres'; did you mean 'users'?",
        "      usres: [ada]",
        "      ^",
        "hint: envwright explain docker lists its keys",
    ]


def test_files_that_extend_each_other_are_told() -> None:
    Path("y.yaml").write_text("extends: x.yaml\n", encoding="utf-8")
    assert complaint("name: x\nextends: y.yaml\n") == [
        "y.yaml:1:10: these files extend each other: x.yaml -> y.yaml -> x.yaml",
        "    extends: x.yaml",
        "             ^",
    ]


def test_a_missing_extended_file_is_told_at_its_name() -> None:
    Path("base.yaml").touch()
    assert complaint("name: x\nextends: bsae.yaml\n") == [
        "x.yaml:2:10: bsae.yaml: there is no such file; did you mean 'base.yaml'?",
        "    extends: bsae.yaml",
        "             ^",
    ]
    assert complaint("name: x\nextends: ~nobody-here/a.yaml\n")[0] == (
        "x.yaml:2:10: ~nobody-here/a.yaml: there is no such file"
    )
    assert complaint("name: x\nextends: [3]\n") == [
        "x.yaml:2:11: extends must be a path or a list of paths, not the integer 3",
        "    extends: [3]",
        "              ^",
    ]


def test_files_that_extend_one_file_twice_each_are_read_once() -> None:
    Path("e0.yaml").write_text("sysctl: {a.b: 1}\n", encoding="utf-8")
    for i in range(1, 30):
        text = f"extends: [e{i - 1}.yaml, ./e{i - 1}.yaml]\n"
        Path(f"e{i}.yaml").write_text(text, encoding="utf-8")
    assert read("name: x\nextends: e29.yaml\n").sections == (Sysctl({"a.b": 1}),)


# --- Bounds ----------------------------------------------------------------------------------


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
