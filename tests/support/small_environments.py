"""Small capabilities for tests of the language: what their environments become, what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envwright.errors import SpecErrors
from envwright.facts import Account, Accounts, Machine
from envwright.model.capability import Capability, Settings, TableCapability
from envwright.model.values import Adding, LocalTemplate, LocalText, Mode  # noqa: TC001 - pydantic looks them up when classes are made
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

    install: Adding[Annotated[str, Field(min_length=2)]] = Field(default=[])

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
