"""A stack as its section of YAML describes it: where its compose file is, and what lies beside."""

from __future__ import annotations

import functools
import io
import posixpath
import re
from typing import TYPE_CHECKING, Annotated, ClassVar, cast

from pydantic import JsonValue, model_validator
from ruamel.yaml import YAML

from envwright.model.capability import HEADER, Settings
from envwright.model.secrets import is_mentioned
from envwright.model.values import (
    AbsolutePath,
    Duration,
    LocalFile,
    LocalFolder,
    LocalText,
    OneLine,
    VariableName,
    exactly_one,
    seconds,
    spelled,
)

from .text import ComposeText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.facts import Machine

ROOT = "/opt/docker"
# The names that Compose looks for, in this order (compose-go, DefaultFileNames).
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")

StackName = Annotated[
    str,
    spelled(
        r"^[a-z0-9][a-z0-9._-]*$",
        "small letters, digits, `.`, `_` and `-`, a letter or digit first",
    ),
]
SecretName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "a file's name: letters, digits, `.`, `_` and `-`"),
]


class Stack(Settings):
    """One stack: a compose file, by `file`, `content`, `folder` or `path`, with its variables."""

    SOURCES: ClassVar = ("file", "content", "folder", "path")

    file: LocalText | None = None
    """The path of the compose file, relative to the environment's file; it is copied unchanged."""
    content: str | dict[str, JsonValue] | None = None
    """The compose file itself, as text or as a mapping."""
    folder: LocalFolder | None = None
    """The path of a folder with a compose file and all that the file refers to, relative to the
    environment's file. Its files are copied unchanged; files on the machine that the folder does
    not have stay."""
    path: AbsolutePath | None = None
    """A folder of the machine that has the compose file: a checkout, for example. envwright writes
    nothing there. Below /home, the user whose home it is runs `docker compose`, and must be a
    member of the group `docker`; elsewhere, root runs it, and only root may be able to change the
    folder."""
    env: dict[VariableName, OneLine | int] = {}
    """Variables for `${NAME}` in the compose file, written to `.env` beside the compose file. Use
    `secrets` for secrets."""
    secrets: dict[SecretName, str] = {}
    """Secrets by name, each a reference like `{{ secret.NAME }}`, written to ./secrets/KEY (mode
    0600, owner root). The compose file mounts them by `secrets: {KEY: {file: ./secrets/KEY}}`."""
    wait: Duration = "5m"
    """How long the services may take, once started, until all run and are healthy; after that time
    the start of the stack fails. The time to pull and build images does not count."""

    @model_validator(mode="after")
    def _sense(self) -> Stack:
        exactly_one(self, *self.SOURCES)
        if self.path is not None and (self.env or self.secrets):
            raise ValueError("has a 'path', where envwright writes neither 'env' nor 'secrets'")
        values = (*(file.text for file in self.files), *map(str, self.env.values()))
        if any(map(is_mentioned, values)):
            raise ValueError(
                "has a secret where others can read it: put it under 'secrets', and mount it in "
                "the compose file"
            )
        for name, value in self.secrets.items():
            if not is_mentioned(value):
                raise ValueError(f"has the secret '{name}' written out: refer to one by its name")
        if self.env and any(file.path == ".env" for file in self.files):
            raise ValueError("has 'env', and a file .env in its folder: remove one of the two")
        if self.text and self.text.whole:
            self._check_mounts(self.text.secret_files)
        return self

    def _check_mounts(self, mounted: Iterable[str]) -> None:
        """Raise ValueError for a secret that is not mounted, or a mount without a secret."""
        mounted = {posixpath.normpath(path) for path in mounted}
        placed = {f"secrets/{name}" for name in self.secrets}
        brought = {file.path for file in self.files}
        for path in sorted(placed - mounted):
            name = path.rpartition("/")[2]
            raise ValueError(
                f"has the secret '{name}', which its compose file does not mount: write "
                f"`secrets: {{{name}: {{file: ./{path}}}}}` there"
            )
        for path in sorted(p for p in mounted - placed - brought if p.startswith("secrets/")):
            raise ValueError(f"has no secret for ./{path}, which its compose file mounts")

    @functools.cached_property
    def files(self) -> tuple[LocalFile, ...]:
        """The files that the environment brings; the compose file is the last one."""
        if self.path is not None:
            return ()
        if self.folder is None:
            return (LocalFile("compose.yaml", self._written(), "0644"),)
        brought = cast("tuple[LocalFile, ...]", self.folder)
        by_name = {file.path: file for file in brought}
        main = next((by_name[name] for name in NAMES if name in by_name), None)
        if main is None:
            raise ValueError(f"has a folder without a compose file: {', '.join(NAMES)}")
        return (*(file for file in brought if file is not main), main)

    def _written(self) -> str:
        if self.file is not None:
            return self.file
        if isinstance(self.content, str):
            return self.content
        out = io.StringIO()
        YAML().dump(self.content, out)  # the round-trip dumper keeps the order of keys
        return HEADER + out.getvalue()

    @functools.cached_property
    def text(self) -> ComposeText | None:
        """What the compose file says; None where it is on the machine only.

        Raises:
            ValueError: it cannot be read.
        """
        if not self.files:
            return None
        return ComposeText(self.files[-1].text, {n: str(v) for n, v in self.env.items()})

    @property
    def dotenv(self) -> str:
        """The text of `.env`: variables in quotes in which Compose expands nothing."""
        lines = (f"{name}={_quoted(str(value))}\n" for name, value in self.env.items())
        return HEADER + "".join(lines)

    @property
    def seconds(self) -> int:
        """The limit `wait` in seconds."""
        return seconds(self.wait)

    def place(self, name: str) -> str:
        """Return the folder on the machine that has the compose file."""
        return self.path or f"{ROOT}/{name}"

    def user(self, machine: Machine) -> str:
        """Return who runs Compose: the user in whose home the stack lies, else root.

        Root must not run what this user can write: a compose file is as good as a root shell.
        """
        return machine.home_owner(self.path or "/")


def project(name: str) -> str:
    """Return the project that Compose makes of a folder's name, where the file names none.

    compose-go, NormalizeProjectName: small letters, digits, `_` and `-` stay.
    """
    return re.sub("[^a-z0-9_-]", "", name.lower()).lstrip("_-")


def _quoted(value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    return '"' + "".join(f"\\{c}" if c in '\\"$' else c for c in value) + '"'
