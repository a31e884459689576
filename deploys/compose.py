"""The capability `compose`: Compose stacks under /opt/docker, each started by a systemd unit."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import JsonValue, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from envwright.model.capability import HEADER, Settings, TableCapability, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.secrets import is_mentioned
from envwright.model.values import LocalText, OneLine, VariableName, exactly_one, spelled
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.package import Package, offered
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine
    from envwright.model.resource import Resource

ROOT = "/opt/docker"
UNIT = "/etc/systemd/system/envwright-compose@.service"
PACKAGES = ("docker-ce", "docker-compose-plugin")
# stat(1)'s names of the file systems of Windows drives and of network mounts.
FOREIGN = "v9fs|fuse|fuseblk|cifs|smb|smb2|nfs|ntfs|ntfs3|msdos|exfat|wslfs"

StackName = Annotated[
    str,
    spelled(r"^[a-z0-9][a-z0-9_-]*$", "small letters, digits, `_` and `-`, no `-` or `_` first"),
]
SecretName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "a file's name: letters, digits, `.`, `_` and `-`"),
]

Duration = Annotated[
    str,
    spelled(r"^[1-9][0-9]*[smh]$", "seconds, minutes or hours, like `90s`, `5m` or `1h`"),
]


class Stack(Settings):
    """One stack: a compose file, by `file` or `content`, with its variables and secrets."""

    file: LocalText | None = None
    """The path of the compose file, relative to the environment's file; it is copied unchanged."""
    content: str | dict[str, JsonValue] | None = None
    """The compose file itself, as text or as a mapping."""
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
        exactly_one(self, "file", "content")
        if is_mentioned(self.text) or any(is_mentioned(str(v)) for v in self.env.values()):
            raise ValueError(
                "has a secret where others can read it: put it under 'secrets', and mount it in "
                "the compose file"
            )
        for name, value in self.secrets.items():
            if not is_mentioned(value):
                raise ValueError(f"has the secret '{name}' written out: refer to one by its name")
        self._check_mounts(_read(self.text))
        return self

    def _check_mounts(self, project: Mapping[str, Any]) -> None:
        """Raise ValueError for a secret that is not mounted, or a mount without a secret."""
        mounted = {str(secret.get("file", "")) for secret in _tables(project.get("secrets"))}
        placed = {f"./secrets/{name}" for name in self.secrets}
        for path in sorted(placed - mounted):
            name = path.rpartition("/")[2]
            raise ValueError(
                f"has the secret '{name}', which its compose file does not mount: write "
                f"`secrets: {{{name}: {{file: {path}}}}}` there"
            )
        for path in sorted(p for p in mounted - placed if p.startswith("./secrets/")):
            raise ValueError(f"has no secret for {path}, which its compose file mounts")

    @property
    def text(self) -> str:
        """The text of the compose file."""
        if self.file is not None:
            return self.file
        if isinstance(self.content, str):
            return self.content
        out = io.StringIO()
        YAML().dump(self.content, out)  # the round-trip dumper keeps the order of keys
        return HEADER + out.getvalue()

    @property
    def dotenv(self) -> str:
        """The text of `.env`: variables in quotes in which Compose expands nothing."""
        lines = (f"{name}={_quoted(str(value))}\n" for name, value in self.env.items())
        return HEADER + "".join(lines)

    @property
    def once(self) -> tuple[str, ...]:
        """The services that are meant to end: others depend on `service_completed_successfully`."""
        services = _read(self.text).get("services") or {}
        conditions = [
            (name, condition.get("condition"))
            for service in _tables(services)
            if isinstance(service.get("depends_on"), dict)
            for name, condition in service["depends_on"].items()
            if isinstance(condition, dict)
        ]
        return tuple(sorted({n for n, c in conditions if c == "service_completed_successfully"}))

    @property
    def seconds(self) -> int:
        """The limit `wait` in seconds."""
        return int(self.wait[:-1]) * {"s": 1, "m": 60, "h": 3600}[self.wait[-1]]

    @property
    def publishes(self) -> bool:
        """Whether a service without profiles publishes a port."""
        services = _tables(_read(self.text).get("services"))
        return any(service.get("ports") and not service.get("profiles") for service in services)


def _read(text: str) -> Mapping[str, Any]:
    """Parse a compose file as YAML; `docker compose config` validates it on the machine."""
    try:
        project = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, problem = mark.line + 1 if mark else 1, error.problem or error.context
        raise ValueError(f"is no YAML at line {line} of the compose file: {problem}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ValueError(
            f"has the character U+{error.character:04X}, which cannot stand in YAML, in line "
            f"{line} of the compose file"
        ) from None
    except Exception as error:  # noqa: BLE001 - ruamel.yaml trips over some texts, in many ways
        reason = str(error) or type(error).__name__
        raise ValueError(f"has a compose file that cannot be read as YAML: {reason}") from None
    if not isinstance(project, dict) or not isinstance(project.get("services"), dict):
        raise ValueError("is no compose file: it has no mapping 'services'")  # noqa: TRY004 - pydantic's
    return project


def _tables(value: Any) -> Iterator[Mapping[str, Any]]:
    return (
        (v for v in value.values() if isinstance(v, dict)) if isinstance(value, dict) else iter(())
    )


def _quoted(value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    return '"' + "".join(f"\\{c}" if c in '\\"$' else c for c in value) + '"'


class Section(TableCapability):
    """Stacks of containers by name, each a compose file.

    The folder of a stack is /opt/docker/NAME. The folder holds compose.yaml and the files of
    relative volumes, and must lie on a Linux file system. compose.yaml goes live only when `docker
    compose config` accepts it. The unit envwright-compose@NAME.service starts the stack at boot,
    without holding up the boot. A stack is up when all its services run and the services with a
    health check are healthy. A change of one stack leaves the other stacks alone. Images that the
    machine has are not pulled again. envwright removes no volumes, and no stack that is removed
    from the environment: to remove one, run `systemctl disable --now
    envwright-compose@NAME.service`, then `docker compose down` in its folder.
    """

    example: ClassVar[str] = """\
compose:
  vectors:
    env: {PORT: 6333}
    content:
      services:
        qdrant:
          image: qdrant/qdrant:v1.15.4
          restart: unless-stopped
          ports: ["127.0.0.1:${PORT}:6333"]
          volumes: [./storage:/qdrant/storage]
"""

    root: dict[StackName, Stack]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if not self.root:
            return
        for package in PACKAGES:
            yield Package(package=package)
        yield Directory(path=ROOT)
        yield File(path=UNIT, content=render("compose.unit", folder=ROOT))
        for name, stack in self.root.items():
            files = list(_files(name, stack))
            yield from files
            yield from _unit(name, stack, tuple(file.id for file in files))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield offered("docker-ce", "docker", "Docker Engine", "docker: {}")
        for name in self.root:
            yield Requirement(
                f"the stack {name} lies on a Linux file system",
                f"path={ROOT}/{name}\n"
                'until [ -e "$path" ]; do path=${path%/*}; path=${path:-/}; done\n'
                f'case $(stat -L -f -c %T "$path") in {FOREIGN}) exit 1;; esac',
                f"{ROOT}/{name} lies on a Windows drive or a network drive, where the volumes of "
                "containers lose owners, modes and speed",
                f"move {ROOT} to the distribution's own ext4 file system",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, stack in self.root.items():
            state = render("compose.state.sh", **_values(name, stack))
            yield Proof(
                f"every service of the stack {name} runs and is healthy",
                f'{state}got=$(state) && echo "$got" && [ "$got" = up ]',
                at=(name,),
            )
            if stack.publishes:
                yield Proof(
                    f"the ports of the stack {name} answer",
                    render("compose.ports.sh", name=name),
                    at=(name,),
                )


def _values(name: str, stack: Stack) -> dict[str, Any]:
    """Return the values of a stack for its script templates; no value needs quotes in a shell."""
    unit = f"envwright-compose@{name}.service"
    values = {"name": name, "folder": f"{ROOT}/{name}", "unit": unit, "once": stack.once}
    return {**values, "wait": stack.wait}


def _files(name: str, stack: Stack) -> Iterator[Directory | File]:
    folder = f"{ROOT}/{name}"
    yield Directory(path=folder, at=(name,))
    if stack.env:
        yield File(path=f"{folder}/.env", content=stack.dotenv, at=(name, "env"))
    if stack.secrets:
        yield Directory(path=f"{folder}/secrets", mode="0700", at=(name, "secrets"))
    for key, value in stack.secrets.items():
        path = f"{folder}/secrets/{key}"
        yield File(path=path, content=value, mode="0600", at=(name, "secrets", key))
    yield File(
        path=f"{folder}/compose.yaml",
        content=stack.text,
        validate=f'docker compose --project-directory {folder} --file "$staged" config --quiet',
        needs=(*(f"package:{package}" for package in PACKAGES), f"file:{folder}/.env"),
        at=(name, "file" if stack.file is not None else "content"),
    )


def _unit(name: str, stack: Stack, files: tuple[str, ...]) -> Iterator[Resource]:
    values = _values(name, stack)
    unit = values["unit"]
    limits = f"/etc/systemd/system/{unit}.d/wait.conf"
    yield File(path=limits, content=render("compose.wait", wait=stack.seconds), at=(name, "wait"))
    # The command starts the unit, since it can say why a service does not start.
    reads, needs = (UNIT, limits), ("package:docker-ce",)
    yield Service(unit=unit, running=None, reads=reads, needs=needs, at=(name,))
    yield Command(
        title=f"compose {name}",
        observe=render("compose.state.sh", **values) + "state",
        expected="up",
        run=render("compose.up.sh", **values),
        seen=(Assertion("run", (render("compose.witness.sh", **values),), "rc", 0),),
        after=(f"service:{unit}",),
        undone_by=(*files, "service:docker.service"),
        systemd=True,
        at=(name,),
    )
