"""The capability `vscode`: extensions and settings of Visual Studio Code, on each side of WSL."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import JsonValue  # noqa: TC002 - pydantic reads annotations

from envwright.model.capability import Capability, Objection, Settings, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.values import AbsolutePath, AccountName, Adding, Developers, adds, spelled
from envwright.resources import accounts as required
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.edited_file import leaves, reason_unwritable
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.package import Package
from envwright.resources.windows.keys import WindowsKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

LOOK, LIST, INSTALL = 10, 120, 1800
"""How many seconds a look at files may take, `code --list-extensions`, and an installation."""
SERVER = "~/.vscode-server"
"""Where VS Code of Windows keeps its part in a distribution (VS Code, "Remote Development")."""
SIDES = {
    True: {"data": f"{SERVER}/data/Machine", "extensions": f"{SERVER}/extensions"},
    False: {"data": "~/.config/Code/User", "extensions": "~/.vscode/extensions"},
}
"""Where settings and extensions lie, under WSL and on a Linux of its own."""
THERE = '[ -n "$code" ] || { echo "there is no server of VS Code in ~/.vscode-server"; exit 1; }\n'
LAUNCH: dict[str, dict[str, Any]] = {
    "go": {"name": "Go: this package", "type": "go", "request": "launch", "mode": "auto"}
    | {"program": "${fileDirname}"},
    "cpp": {"name": "C++: build/main by gdb", "type": "cppdbg", "request": "launch"}
    | {"program": "${workspaceFolder}/build/main", "cwd": "${workspaceFolder}", "MIMode": "gdb"},
    "python": {"name": "Python: this file", "type": "debugpy", "request": "launch"}
    | {"program": "${file}", "console": "integratedTerminal"},
}
"""What a debugger starts, by language; dlv for Go and gdb for C++."""

Extension = Annotated[
    str,
    spelled(
        r"^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9._-]*(@[0-9]+(\.[0-9]+)*)?$",
        "PUBLISHER.NAME in small letters, with `@VERSION` behind it to pin",
    ),
]
Extensions = Annotated[list[Extension], adds("[^@]+")]


class Workspace(Settings):
    """What a folder of a project gets where it has none: files for all who work on it."""

    owner: AccountName | None = None
    """The account whose folder it is; by default the person in whose home it lies."""
    launch: Adding[Literal["cpp", "go", "python"]] = []
    """What .vscode/launch.json starts a debugger for: `go` (dlv), `cpp` (gdb), `python`."""
    recommend: Adding[Extension] = []
    """The extensions that .vscode/extensions.json recommends."""

    def files(self) -> dict[str, str]:
        """Return the text of each file, by its name."""
        found: dict[str, Any] = {}
        if self.launch:
            started = [LAUNCH[language] for language in self.launch]
            found["launch.json"] = {"version": "0.2.0", "configurations": started}
        if self.recommend:
            names = [spec.partition("@")[0] for spec in self.recommend]
            found["extensions.json"] = {"recommendations": names}
        return {name: f"{json.dumps(value, indent=2)}\n" for name, value in found.items()}


class Section(Capability):
    """Visual Studio Code: extensions, settings, and the files of workspaces.

    On a Linux of its own the program is the package `code`, for which the environment has
    `packages: {sources: {vscode: {}}}`. Under WSL it is that of Windows, whose part in the
    distribution comes when a person calls `code` there for the first time: until then there are no
    extensions to install, and plan says so. Settings are keys of files that are the person's: all
    other keys and comments stay. An extension without a version is not upgraded; VS Code does that.
    Files of workspaces are made once, and then they are the project's.
    """

    uncaptured: ClassVar[str] = "VS Code's own Settings Sync keeps a person's settings."
    example: ClassVar[str] = """\
vscode:
  extensions: [golang.go, ms-python.python@2025.18.0]
  settings: {editor.formatOnSave: true, "[go]": {editor.tabSize: 4}}
  workspaces:
    /home/dev/src/shop: {launch: [go], recommend: [golang.go]}
"""

    users: Developers = []
    """The accounts that get extensions and settings."""
    extensions: Extensions = []
    """Extensions, each with `@VERSION` where it is to be that one."""
    settings: dict[str, JsonValue] = {}
    """Settings as settings.json has them: a person's on a Linux of its own, those of the machine
    under WSL. `null` says that the key must not be there."""
    windows: dict[str, JsonValue] = {}
    """Settings of the Windows user, in Code/User/settings.json of %AppData%. Elsewhere than under
    WSL they say nothing."""
    workspaces: dict[AbsolutePath, Workspace] = {}
    """Folders of projects."""

    def objections(self, machine: Machine) -> Iterator[Objection]:  # noqa: ARG002 - the same everywhere
        for field in ("settings", "windows"):
            if reason := reason_unwritable("jsonc", dict(leaves(getattr(self, field)))):
                yield Objection(reason, "correct the keys", (field,))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if not machine.wsl:
            yield Package(package="code")
        for user in self.users:
            yield from self._of(Person.named(user, machine), SIDES[machine.wsl], machine)
        if self.windows and machine.wsl:
            yield WindowsKeys(
                folder="APPDATA",
                file="Code/User/settings.json",
                dialect="jsonc",
                keys=dict(leaves(self.windows)),
                at=("windows",),
            )
        for path, workspace in self.workspaces.items():
            owner = workspace.owner or machine.home_owner(path)
            mine: dict[str, Any] = {"owner": owner, "group": machine.primary_group(owner)}
            for name, content in workspace.files().items():
                file, at = f"{path}/.vscode/{name}", ("workspaces", path)
                yield File(path=file, content=content, once=True, at=at, **mine)

    def _of(self, person: Person, side: dict[str, str], machine: Machine) -> Iterator[Resource]:
        """Yield a person's settings and extensions."""
        mine: dict[str, Any] = {"owner": person.user, "group": person.group}
        if self.settings:
            data = person.at_home(side["data"])
            yield Directory(path=data, mode="", at=("settings",), **mine)
            yield Keys(
                path=f"{data}/settings.json",
                dialect="jsonc",
                keys=dict(leaves(self.settings)),
                keep=("mode",),
                at=("settings",),
                **mine,
            )
        for index, spec in enumerate(self.extensions):
            name, _, version = spec.partition("@")
            values = {
                "spec": shlex.quote(spec),
                "id": shlex.quote(f'"id":"{name}"'),
                "version": shlex.quote(f'"version":"{version}"' if version else ""),
                "folder": side["extensions"].removeprefix("~/"),
                "wsl": machine.wsl,
            }
            look = render("vscode.look.sh", **values)
            state = person.runs(look, LOOK)
            yield Command(
                title=f"vscode {name} of {person.user}",
                observe=state,
                expected="installed",
                run=person.runs(
                    f"{look}{render('vscode.install.sh', **values)}", INSTALL, online=True
                ),
                seen=(Assertion("run", (state,), "stdout", "installed\n"),),
                after=(f"user:{person.user}", "package:code"),
                at=("extensions", index),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from required.accounts(self.users, machine, "users")
        if not machine.wsl:
            yield Requirement(
                "apt has code",
                "[ -x /usr/bin/code ] || apt-cache show code >/dev/null 2>&1",
                "apt knows no package code",
                "have the environment add its source: `packages: {sources: {vscode: {}}}`",
                unless="apt-source:vscode",
                assumed="the apt source of VS Code",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for user in self.users if self.extensions else ():
            person = Person.named(user, machine)
            if machine.wsl:
                yield Proof(
                    f"VS Code has its part in the distribution for {user}",
                    person.runs(f"{render('vscode.server.sh')}{THERE}", LOOK),
                    at=("extensions",),
                    quick=True,
                    remedy=f"have {user} call `code .` in the distribution once, which Windows "
                    "answers, then apply again",
                )
            names = [spec.partition("@")[0] for spec in self.extensions]
            script = render("vscode.list.sh", wsl=machine.wsl, names=shlex.join(names))
            name = f"VS Code of {user} lists the extensions"
            yield Proof(name, person.runs(script, LIST), at=("extensions",))
