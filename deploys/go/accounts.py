"""The resources of each user of Go: settings in the file of `go env -w`, caches, tools."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from envwright.model.capability import render
from envwright.model.proof import Assertion, View
from envwright.resources import startup_files
from envwright.resources.as_user import ONLINE
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.keys import Keys
from envwright.resources.login_shell import FUNCTIONS

from .fields import FOLDERS, GO, PATH, ROOT, TOOLS, at_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

    from . import Section

QUIETLY = f"env -i HOME=/dev/null GOTOOLCHAIN=local GOTELEMETRY=off PATH={PATH}"
"""Runs the go command without any settings, so that it writes no files and downloads nothing."""


def settings_of(section: Section, home: str) -> dict[str, str]:
    """Return the settings in the file of `go env -w` for a user with this home."""
    toolchain = {"GOTOOLCHAIN": section.toolchain} if section.toolchain else {}
    return toolchain | section.env.keys(home)


def settings(section: Section, user: str, machine: Machine) -> Iterator[Resource]:
    """Yield the file of settings, the folders that it names, and the moves of caches there."""
    home = machine.home(user)
    if not (keys := settings_of(section, home)):
        return
    owner: dict[str, Any] = {"owner": user, "group": machine.primary_group(user)}
    folders: dict[str, tuple[str, ...]] = {f"{home}/.config/go": ("env",)}
    folders |= {keys[key]: ("env", key) for key in FOLDERS if key in keys}
    for folder, at in folders.items():
        for path in _parents(folder, home):
            yield Directory(path=path, mode="", at=at, **owner)
    caches = list(_caches(section, user, home))
    yield from caches
    yield Keys(
        path=f"{home}/.config/go/env",
        dialect="goenv",
        keys=keys,
        needs=tuple(cache.id for cache in caches),
        at=("env",),
        **owner,
    )


def _caches(section: Section, user: str, home: str) -> Iterator[Command]:
    """Yield the commands that move caches; they run before the file that names the old folder."""
    file, said = f"{home}/.config/go/env", section.env.keys(home)
    places = {key: (said[key], str(key)) for key in ("GOCACHE", "GOMODCACHE") if key in said}
    if "GOPATH" in said:
        places.setdefault("GOMODCACHE", (f"{said['GOPATH']}/pkg/mod", "GOPATH"))
    for key, (wanted, by) in places.items():
        values = {"env": file, "home": home, "wanted": wanted}
        quoted = {name: shlex.quote(value) for name, value in values.items()}
        # The user's own rights are enough, and root would follow any link that the user made.
        where = as_user(user, home, render("go.where.sh", key=key, by=by, **quoted))
        there, none = f"id -u {shlex.quote(user)}", f"printf '%s\\n' {quoted['wanted']}"
        seen = ("file", (file,), "content_string", said[by])
        yield Command(
            title=f"go cache {key} of {user}",
            observe=f"if {there} >/dev/null 2>&1; then {where}; else {none}; fi",
            expected=wanted,
            run=as_user(user, home, render("go.move.sh", key=key, by=by, **quoted)),
            seen=(Assertion(*seen, view=View("goenv", by)),),
            after=(f"user:{user}", *(f"directory:{path}" for path in _parents(wanted, home))),
            at=("env", by),
        )


def tool(section: Section, name: str, user: str, machine: Machine) -> Command:
    """Return the command that installs a program; its build information proves the version."""
    home = machine.home(user)
    package, version = TOOLS.get(name, (name, ""))[0], f"v{section.tools[name].removeprefix('v')}"
    folder, wanted = at_home(home, section.programs), f"{package}@{version}"
    values = {"folder": folder, "program": program(package), "package": wanted}
    quoted = {word: shlex.quote(value) for word, value in values.items()}
    file = shlex.quote(f"{folder}/{program(package)}")
    look = as_user(user, home, f"{QUIETLY} {GO} version -m {file}")
    # `go version -m` prints the module and its version, separated by tabs.
    line = rf"^mod\t{_module_pattern(package)}\t{version.replace('.', '[.]')}\t"
    see = f"LC_ALL=C grep -aqP -- {shlex.quote(line)} {file}"
    ask = 'awk \'$1 == "path" { path = $2 } $1 == "mod" { print path "@" $3 }\''
    settings = (
        f"keys:{home}/.config/go/env",
        f"keys:{home}/.netrc",
        "package:git",
        # The section `environment` may name the proxies.
        *startup_files.ids("60-envwright"),
    )
    return Command(
        title=f"go tool {name} of {user}",
        observe=f"{{ {look}; }} | {ask}",
        expected=wanted,
        run=as_user(user, home, render("go.install.sh", **quoted), online=True),
        seen=(Assertion("run", (see,), "rc", 0),),
        after=(f"user:{user}", f"link:{ROOT}", *settings),
        at=("tools", name),
    )


def as_user(user: str, home: str, script: str, *, online: bool = False) -> str:
    """Return a script that runs as a user, with nothing of the caller's environment.

    With `online` the script gets the proxies of the user's login shell.
    """
    variables = f"HOME={shlex.quote(home)} USER={shlex.quote(user)} PATH={PATH}"
    name, command = shlex.quote(user), f"sh -c {shlex.quote(script)}"
    if online:
        values = {"functions": FUNCTIONS, "online": ONLINE, "user": name, "variables": variables}
        return render("go.online.sh", command=command, **values)
    return f"cd / && runuser -u {name} -- env -i {variables} {command}"


def _parents(path: str, home: str) -> Iterator[str]:
    """Yield the folders below a user's home down to a path; outside of the home the path alone."""
    if not path.startswith(f"{home}/"):
        yield path
        return
    folder = home
    for name in path.removeprefix(f"{home}/").split("/"):
        folder = f"{folder}/{name}"
        yield folder


def program(package: str) -> str:
    """Return the name that `go install` gives the program of a package: no major version."""
    *above, last = package.split("/")
    return above[-1] if above and re.fullmatch(r"v[0-9]+", last) else last


def _module_pattern(package: str) -> str:
    """Return a regular expression of the modules that can hold a package: its path or a parent."""
    first, *rest = (re.escape(part) for part in package.split("/"))
    return first + "".join(f"(?:/{part}" for part in rest) + ")?" * len(rest)
