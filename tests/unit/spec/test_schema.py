"""The JSON Schema takes what environments may say, and refuses what they may not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema  # type: ignore[import-untyped] # its types are no dependency of ours
import pytest
from pydantic import ConfigDict, Field

from envwright.model.capability import Capability, Settings, TableCapability
from envwright.model.catalogue import discover
from envwright.model.values import Mode  # noqa: TC001 - pydantic looks them up when classes are made
from envwright.spec.document import parse, read_document
from envwright.spec.schema import json_schema
from envwright.spec.source import Source

ENVIRONMENTS = Path(__file__).parents[3] / "environments"


class Daemon(Settings):
    """Keys of a daemon."""

    driver: Literal["local", "none"] = Field(default="local", alias="log-driver")
    """The log driver."""
    size: int = Field(ge=1)
    """How much it logs."""


class Url(Settings):
    kind: Literal["url"]
    url: str


class Folder(Settings):
    kind: Literal["folder"]
    mode: Mode = "0755"


class Docker(Capability):
    """Docker Engine.

    And more of it.
    """

    section = "docker"
    example = "docker: {}"

    users: list[Annotated[str, Field(pattern="^[a-z]+$")]] = Field(default=[])
    """Who may use it."""
    daemon: Daemon | None = None
    """Keys of the daemon."""
    live: bool = True
    sources: list[Annotated[Url | Folder, Field(discriminator="kind")]] = Field(default=[])


class Sysctl(TableCapability):
    """Kernel settings."""

    section = "sysctl"
    example = "sysctl: {}"

    root: dict[Annotated[str, Field(pattern=r"^[a-z.]+$")], int]


class Packages(Capability):
    """Packages."""

    model_config = ConfigDict(json_schema_extra={"short": "install"})
    section = "packages"
    example = "packages: []"

    install: list[str] = Field(default=[])


CAPABILITIES: dict[str, Any] = {"docker": Docker, "packages": Packages, "sysctl": Sysctl}


def validator(capabilities: dict[str, Any] | None = None) -> Any:
    schema = json_schema(capabilities)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


SMALL = validator(CAPABILITIES)
SHIPPED = validator()


def is_taken(text: str) -> bool:
    return bool(SMALL.is_valid(parse(Source("x.yaml", text)).plain()))


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "name: x\ndescription: a\nvars: {a: 1, b: [x, true]}\nsecrets: {t: {env: T}}",
        "name: x\ndocker: {users: [ada], daemon: {log-driver: none, size: 3}, live: false}",
        'name: x\ndocker: {users: ["{{ a }}"], daemon: {log-driver: "{{ a }}", size: "{{ a }}"}}',
        'name: x\ndocker: {users: "{{ a }}", live: "{% if a %}true{% endif %}"}',
        "name: x\ndocker: {daemon: null, sources: [{kind: url, url: x}, {kind: folder}]}",
        'name: x\ndocker: {sources: [{kind: folder, mode: "{{ mode }}"}]}',
        "name: x\nsysctl: {a.b: 1}",
        'name: x\nsysctl: {a.b: "{{ a }}"}',
        'name: x\nsysctl: {"a.{{ a }}": 1}',
        "name: x\nwhen: wsl\ndocker: {when: not wsl, users: [{when: wsl, then: [a], else: b}]}",
        "name: x\nsysctl: {a.b: {when: wsl, then: 1}}\npackages: {when: wsl, install: [git]}",
        "name: x\npackages: [git]",
        "name: x\npackages: {install: [git]}",
        "extends: base.yaml",
        "extends: [base.yaml]\ndocker: {daemon: {log-driver: none}, users: null}\nsysctl: null",
    ],
)
def test_what_an_environment_may_say_is_taken(text: str) -> None:
    assert is_taken(text)


@pytest.mark.parametrize(
    "text",
    [
        "docker: {}",
        "name: X",
        "name: x\ndokcer: {}",
        "name: x\ndocker:",
        "name: x\ndocker: {usres: []}",
        "name: x\ndocker: {users: dev}",
        "name: x\ndocker: {users: [3]}",
        "name: x\ndocker: {daemon: {log-driver: none}}",
        "name: x\ndocker: {daemon: {driver: none, size: 1}}",
        "name: x\ndocker: {daemon: {size: 0}}",
        "name: x\ndocker: {live: yes}",
        "name: x\ndocker: {users: null}",
        "name: x\ndocker: {sources: [{kind: url}]}",
        "name: x\nsysctl: {AB: 1}",
        "name: x\nsysctl: {a.b: x}",
        "name: x\ndocker: {users: [{when: wsl}]}",
        "name: x\ndocker: {live: {when: wsl, them: true}}",
        "name: x\npackages: git",
        "name: x\nvars: {a-b: 1}",
        "name: x\nvars: {a: {}}",
        "name: x\nsecrets: {t: {}}",
        "name: x\nsecrets: {t: {env: T, file: t}}",
        "extends: base.yaml\ndocker: {usres: []}",
        "extends: base.yaml\ndocker: {sources: [{kind: url}]}",
    ],
)
def test_what_an_environment_may_not_say_is_refused(text: str) -> None:
    assert not is_taken(text)


def test_the_defaults_of_a_table_are_a_part_of_an_entry() -> None:
    text = "name: x\nmounts:\n  defaults: {{options: [{}]}}\n  /mnt/a: {{type: tmpfs}}\n"
    assert SHIPPED.is_valid(parse(Source("x.yaml", text.format("ro"))).plain())
    assert not SHIPPED.is_valid(parse(Source("x.yaml", text.format("{a: b}"))).plain())


def test_editors_find_descriptions_defaults_and_choices() -> None:
    schema = json_schema(CAPABILITIES)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["docker"] == {"description": "Docker Engine."}
    assert schema["$defs"]["docker.Daemon"]["properties"] == {
        "log-driver": {
            "description": "The log driver.",
            "default": "local",
            "anyOf": [
                {"enum": ["local", "none"], "type": "string"},
                {"$ref": "#/$defs/template"},
                {"$ref": "#/$defs/choice"},
            ],
        },
        "size": {
            "description": "How much it logs.",
            "anyOf": [
                {"minimum": 1, "type": "integer"},
                {"$ref": "#/$defs/template"},
                {"$ref": "#/$defs/choice"},
            ],
        },
        "when": {
            "description": "A condition, like `wsl and release >= 24.04`: see docs/language.md.",
            "anyOf": [{"type": "string"}, {"type": "boolean"}],
        },
    }


@pytest.mark.parametrize("section", sorted(discover()))
def test_the_example_of_every_capability_is_taken(section: str) -> None:
    example = parse(Source(section, f"name: x\n{discover()[section].example}")).plain()
    assert [error.message for error in SHIPPED.iter_errors(example)] == []


@pytest.mark.parametrize("file", sorted(ENVIRONMENTS.glob("*.yaml")), ids=lambda file: file.name)
def test_every_environment_that_is_shipped_is_taken(file: Path) -> None:
    environment = read_document(file).plain()
    assert [error.message for error in SHIPPED.iter_errors(environment)] == []
