"""The proofs of the capability `go`: versions and tools answer, settings hold, programs build."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.model.capability import render
from envwright.model.proof import Proof
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.windows.session import in_session

from .accounts import QUIETLY, as_user, program, settings_of
from .fields import ARCHITECTURES, FOLDERS, GO, TOOLS, at_home, compiler_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

    from . import Section


def proofs(section: Section, machine: Machine) -> Iterator[Proof]:
    """Yield the proofs of the section."""
    platform = f"linux/{ARCHITECTURES.get(machine.architecture, '').replace('v6l', '')}"
    for version in section.versions:
        answer = shlex.quote(f"go version go{version} {platform}")
        yield Proof(
            f"go{version} answers",
            f'got=$({QUIETLY} go{version} version); echo "$got"; [ "$got" = {answer} ]',
            at=("version",) if version == section.version else ("also",),
        )
    for user in section.users:
        yield from _user_proofs(section, user, machine.home(user))
        if machine.wsl:
            yield Proof(
                f"a session of {user} that Windows starts finds no Go of Windows",
                in_session(render("go.windows.sh"), machine.distribution, user),
            )
    if section.golangci_lint:
        version = section.golangci_lint.version.removeprefix("v")
        yield Proof(
            "golangci-lint answers its version",
            f"{QUIETLY} golangci-lint version | grep -F -- {shlex.quote(version)}",
            at=("golangci_lint",),
        )
    for target in section.cross:
        compiler, _, number = compiler_for(target, machine)
        values = {"target": target, "compiler": compiler, "number": number, "go": GO}
        yield Proof(f"cgo builds for {target}", render("go.cgo.sh", **values), at=("cross",))
    for unit, limits in section.services.items():
        values = {
            "unit": shlex.quote(unit),
            "properties": _assignments(limits.properties()),
            "variables": _assignments(limits.variables()),
        }
        yield Proof(
            f"{unit} runs with its limits",
            render("go.service.sh", **values),
            at=("services", unit),
        )


def _assignments(values: dict[str, str]) -> str:
    return " ".join(shlex.quote(f"{name}={value}") for name, value in values.items())


def _user_proofs(section: Section, user: str, home: str) -> Iterator[Proof]:
    keys = settings_of(section, home)
    # The witness of the file checks a value with a secret; no proof's script may hold a secret.
    shown = {key: shlex.quote(value) for key, value in keys.items() if "⟦" not in value}
    if shown:
        values = {"functions": FUNCTIONS, "user": shlex.quote(user), "home": shlex.quote(home)}
        name = f"the go command of {user} answers with these settings"
        yield Proof(name, render("go.settings.sh", settings=shown, **values), at=("env",))
    for key in FOLDERS:
        if key in keys:
            script = render("go.native.sh", path=shlex.quote(keys[key]), mounts="/proc/self/mounts")
            yield Proof(f"{key} of {user} is on Linux's own disk", script, at=("env", key))
    yield Proof(f"{user} builds and runs a program", as_user(user, home, render("go.build.sh")))
    quoted = {"functions": FUNCTIONS, "user": shlex.quote(user), "go": GO}
    version = shlex.quote(f"go{section.version}")
    login = render("go.login.sh", version=version, search=render("go.windows.sh"), **quoted)
    yield Proof(f"a login shell of {user} finds this Go, and none of Windows", login)
    yield Proof(f"services of {user} find this Go", render("go.services.sh", **quoted))
    for tool, version in section.tools.items():
        package, ask = TOOLS.get(tool, (tool, ""))
        file = shlex.quote(at_home(home, f"{section.programs}/{program(package)}"))
        said = f"{file} {ask}" if ask else f"go version -m {file}"
        script = f"{said} | grep -F -- {shlex.quote(version.removeprefix('v'))}"
        name = f"{tool} of {user} answers its version"
        yield Proof(name, as_user(user, home, script), at=("tools", tool))
