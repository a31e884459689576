"""The capability `compose`: Compose stacks, each started by a systemd unit."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from envwright.model import systemd
from envwright.model.capability import TableCapability, render
from envwright.model.proof import Assertion, Proof
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.package import Package, offered
from envwright.resources.service import Service

from .foresight import requirements
from .stack import NAMES, ROOT, Stack, StackName, project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

UNIT = "/etc/systemd/system/envwright-compose@.service"
PACKAGES = ("docker-ce", "docker-compose-plugin")
# The first of these is merged into the compose file: compose-go, DefaultOverrideFileNames.
OVERRIDES = " ".join(
    f"{name}.override.{end}" for name in ("compose", "docker-compose") for end in ("yml", "yaml")
)


class Section(TableCapability):
    """Stacks of containers by name, each a compose file.

    The folder of a stack is /opt/docker/NAME, unless `path` names another. The folder holds the
    compose file and what it refers to: files that `folder` or the section `files` bring, and
    relative volumes. The compose file goes live only when `docker compose config` accepts it, with
    all that it includes and extends. Folders that containers write to must lie on a Linux file
    system. The unit envwright-compose@NAME.service starts the stack at boot, without holding up
    the boot. A stack is up when all its services run and the services with a health check are
    healthy; a service with `restart: "no"` or `on-failure` that has neither ports nor a health
    check may have ended with 0. A stack whose configuration, images, networks or secrets changed
    since its start is started again. A change of one stack leaves the other stacks alone. Images
    that the machine has are not pulled again. envwright removes no volumes, and no stack that is
    removed from the environment: to remove one, run `systemctl disable --now
    envwright-compose@NAME.service`, then `docker compose down` in its folder.
    """

    uncaptured: ClassVar[str] = (
        "A running stack does not tell which of its settings a person wrote."
    )
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

    @model_validator(mode="after")
    def _apart(self) -> Section:
        """Refuse two stacks that Compose takes for one, since it drops dots from their names."""
        names: dict[str, str] = {}
        for name, stack in self.root.items():
            other = names.setdefault(project(stack.place(name).rpartition("/")[2]), name)
            if other != name:
                raise ValueError(
                    f"has the stacks '{other}' and '{name}', which Compose takes for one project: "
                    "rename one of the two"
                )
        return self

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if not self.root:
            return
        for package in PACKAGES:
            yield Package(package=package)
        if any(stack.path is None for stack in self.root.values()):
            yield Directory(path=ROOT)
        yield File(path=UNIT, content=render("compose.unit", folder=ROOT))
        for name, stack in self.root.items():
            files = list(_files(name, stack))
            yield from files
            yield from _unit(name, stack, machine, files)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if self.root:
            yield offered("docker-ce", "docker", "Docker Engine", "docker: {}")
        yield from requirements(self.root, machine)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for name, stack in self.root.items():
            values = _values(name, stack, machine)
            state = render("compose.state.sh", **values)
            yield Proof(
                f"every service of the stack {name} runs and is healthy",
                f'{state}got=$(state) && echo "$got" && [ "$got" = up ]',
                at=(name,),
            )
            known = stack.text is not None and stack.text.whole
            published = stack.text is not None and stack.text.publishes
            if published or not known:
                yield Proof(
                    f"the ports of the stack {name} answer",
                    render("compose.ports.sh", **values, without=1 if published else 77),
                    at=(name,),
                )


def _values(name: str, stack: Stack, machine: Machine) -> dict[str, Any]:
    """Return the values of a stack for its script templates, quoted where they need quotes."""
    user = stack.user(machine)
    return {
        "name": name,
        "folder": shlex.quote(stack.place(name)),
        "unit": f"envwright-compose@{name}.service",
        "user": shlex.quote(user),
        "home": shlex.quote(machine.home(user)),
        "placed": [
            shlex.quote(file.path) for file in _files(name, stack) if isinstance(file, File)
        ],
        "wait": stack.wait,
        "seconds": stack.seconds,
    }


def _files(name: str, stack: Stack) -> Iterator[Directory | File]:
    if stack.path is not None:
        return
    folder = stack.place(name)
    yield Directory(path=folder, at=(name,))
    if stack.env:
        yield File(path=f"{folder}/.env", content=stack.dotenv, at=(name, "env"))
    if stack.secrets:
        yield Directory(path=f"{folder}/secrets", mode="0700", at=(name, "secrets"))
    for key, value in stack.secrets.items():
        path = f"{folder}/secrets/{key}"
        yield File(path=path, content=value, mode="0600", at=(name, "secrets", key))
    yield from _brought(name, stack)


def _brought(name: str, stack: Stack) -> Iterator[File]:
    """Yield the files that the environment brings; the last one is judged with all the others."""
    folder = stack.place(name)
    at = (name, next(key for key in stack.SOURCES if getattr(stack, key) is not None))
    *beside, main = stack.files
    for file in beside:
        yield File(path=f"{folder}/{file.path}", content=file.text, mode=file.mode, at=at)
    for other in NAMES[: NAMES.index(main.path)]:
        # Compose would take this one instead.
        yield File(path=f"{folder}/{other}", present=False, at=at)
    others = (f"file:{folder}/{file.path}" for file in beside)
    yield File(
        path=f"{folder}/{main.path}",
        content=main.text,
        mode=main.mode,
        validate=f"set --\nfor other in {OVERRIDES}; do\n"
        f'[ ! -e {folder}/"$other" ] || {{ set -- --file {folder}/"$other"; break; }}\n'
        f'done\ndocker compose --project-directory {folder} --file "$staged" "$@" config --quiet',
        needs=(*(f"package:{package}" for package in PACKAGES), f"file:{folder}/.env", *others),
        at=at,
    )


def _unit(
    name: str, stack: Stack, machine: Machine, files: list[Directory | File]
) -> Iterator[Resource]:
    values, user = _values(name, stack, machine), stack.user(machine)
    unit = values["unit"]
    limits = f"/etc/systemd/system/{unit}.d/wait.conf"
    path = systemd.plain(stack.path) if stack.path is not None else ""
    content = render("compose.wait", wait=stack.seconds, path=path, user=systemd.plain(user))
    yield File(path=limits, content=content, at=(name, "wait"))
    # The command starts the unit, since it can say why a service does not start.
    reads, needs = (UNIT, limits), ("package:docker-ce",)
    yield Service(unit=unit, running=None, reads=reads, needs=needs, at=(name,))
    yield Command(
        title=f"compose {name}",
        observe=render("compose.state.sh", **values) + "state",
        expected="up",
        run=render("compose.up.sh", **values),
        seen=(Assertion("run", (render("compose.witness.sh", **values),), "rc", 0),),
        after=(f"member:docker/{user}",),
        # A unit that is restarted returns before its services are healthy; the command waits.
        undone_by=(
            *(file.id for file in files),
            *_checkouts(stack),
            "service:docker.service",
            f"service:{unit}",
        ),
        undone_below=tuple(_read_folders(name, stack)),
        systemd=True,
        at=(name,),
    )


def _checkouts(stack: Stack) -> Iterator[str]:
    """Yield the ids of checkouts that would bring the compose file of a stack with a `path`."""
    if stack.path is not None:
        folder = PurePosixPath(stack.path)
        yield from (f"checkout:{place}" for place in (folder, *folder.parents))


def _read_folders(name: str, stack: Stack) -> list[str]:
    """Return the folders of the files that the stack reads, which other sections may place."""
    place = stack.place(name)
    return [place] if stack.text is None else stack.text.read_folders(place)
