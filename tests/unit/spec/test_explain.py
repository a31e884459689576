"""Explanations come from the models alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from envwright.errors import EnvwrightError
from envwright.model.capability import Capability, Settings, TableCapability
from envwright.model.catalogue import discover
from envwright.model.values import Mode  # noqa: TC001 - pydantic looks them up when classes are made
from envwright.spec.explain import WIDTH, explain


class Daemon(Settings):
    driver: Literal["local", "none"] = Field(default="local", alias="log-driver")
    """The log driver; `none` keeps nothing, and this sentence goes on until it is longer than a
    line of the terminal."""
    size: int = Field(ge=1)
    """How much it logs."""


class Docker(Capability):
    """Docker Engine from Docker's own repository.

    The second paragraph.
    """

    section = "docker"
    example = "docker:\n  users: [ada]\n"

    users: list[Annotated[str, Field(pattern="^a", json_schema_extra={"words": "a name"})]] = Field(
        default=[]
    )
    """Who may use it."""
    daemon: Daemon | None = None
    """Keys of the daemon."""


class Entry(Settings):
    mode: Mode = "0644"
    """Its permissions."""


class Files(TableCapability):
    """Files by path."""

    section = "files"
    example = "files: {}\n"

    root: dict[str, Entry]


CAPABILITIES: dict[str, Any] = {"docker": Docker, "files": Files}


def test_the_overview_has_the_first_line_of_each_capability() -> None:
    assert explain("", CAPABILITIES) == (
        "Capabilities, each a section of an environment:\n"
        "\n"
        "  docker  Docker Engine from Docker's own repository.\n"
        "  files   Files by path.\n"
        "\n"
        "`envwright explain NAME` explains one, `envwright explain NAME.KEY` one of its keys.\n"
        "Topics, too, are `vars`, `secrets`, `extends`, `when` and `policy`: `envwright explain "
        "TOPIC`.\n"
    )


def test_a_capability_has_its_text_keys_and_example() -> None:
    assert explain("docker", CAPABILITIES) == (
        "docker\n"
        "\n"
        "Docker Engine from Docker's own repository.\n"
        "\n"
        "The second paragraph.\n"
        "\n"
        "Keys:\n"
        "\n"
        "  users: a list of text (each a name); default []\n"
        "      Who may use it.\n"
        "\n"
        "  daemon: a mapping; optional\n"
        "      Keys of the daemon.\n"
        "\n"
        "Example:\n"
        "\n"
        "  docker:\n"
        "    users: [ada]\n"
    )


def test_a_free_table_has_the_keys_of_its_values() -> None:
    assert explain("files", CAPABILITIES) == (
        "files\n"
        "\n"
        "Files by path.\n"
        "\n"
        "Each key: text.\n"
        "Each value: a mapping.\n"
        "\n"
        "Keys:\n"
        "\n"
        '  mode: four octal digits in quotes, like "0644"; default "0644"\n'
        "      Its permissions.\n"
        "\n"
        "Example:\n"
        "\n"
        "  files: {}\n"
    )


def test_a_key_has_its_type_default_and_description() -> None:
    assert explain("docker.daemon.log-driver", CAPABILITIES) == (
        "docker.daemon.log-driver: 'local' or 'none'; default \"local\"\n"
        "\n"
        "The log driver; `none` keeps nothing, and this sentence goes on until it is longer than a"
        " line of\nthe terminal.\n"
    )
    assert explain("docker.daemon", CAPABILITIES) == (
        "docker.daemon: a mapping; optional\n"
        "\n"
        "Keys of the daemon.\n"
        "\n"
        "Keys:\n"
        "\n"
        "  log-driver: 'local' or 'none'; default \"local\"\n"
        "      The log driver; `none` keeps nothing, and this sentence goes on until it is longer"
        " than a line\n      of the terminal.\n"
        "\n"
        "  size: an integer of at least 1; required\n"
        "      How much it logs.\n"
    )
    assert explain("docker.users", CAPABILITIES) == (
        "docker.users: a list of text; default []\n\nWho may use it.\n\nEach item: a name.\n"
    )
    assert explain("files.mode", CAPABILITIES) == (
        'files.mode: four octal digits in quotes, like "0644"; default "0644"\n\nIts permissions.\n'
    )


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (
            "dokcer",
            (
                "there is no capability 'dokcer'; did you mean 'docker'?\n"
                "hint: `envwright explain` lists the capabilities"
            ),
        ),
        (
            "docker.usres",
            (
                "docker has no key 'usres'; did you mean 'users'?\n"
                "hint: envwright explain docker lists its keys"
            ),
        ),
        (
            "docker.daemon.log-driver.x",
            (
                "docker.daemon.log-driver has no key 'x'\n"
                "hint: envwright explain docker.daemon.log-driver lists its keys"
            ),
        ),
    ],
)
def test_an_unknown_topic_is_told_with_the_one_that_was_meant(topic: str, message: str) -> None:
    with pytest.raises(EnvwrightError) as caught:
        explain(topic, CAPABILITIES)
    assert str(caught.value) == message


@pytest.mark.parametrize("section", sorted(discover()))
def test_every_capability_is_explained_within_the_width(section: str) -> None:
    text = explain(section)
    example = discover()[section].example
    assert text.startswith(f"{section}\n\n")
    assert max(map(len, text.removesuffix(example).splitlines())) <= WIDTH
