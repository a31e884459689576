"""The capability `runtimes`: language runtimes and global tools of persons, by mise."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from envwright.model.capability import Capability, Objection, Settings, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.values import Developers, Sha256, Url, adds, spelled
from envwright.resources import accounts as required
from envwright.resources import startup_files
from envwright.resources.archive import Archive
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.package import Package
from envwright.resources.search_path import SearchPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

NAME = "62-envwright-runtimes"
TREE, PROGRAM = "/usr/local/mise", "/usr/local/bin/mise"
"""Where an archive of mise is unpacked, and the link to its program."""
DATA = "~/.local/share/mise"
"""Where mise keeps what it installs, and the shims that start it (mise, "Directory Structure")."""
SEARCH_PATH = SearchPath(NAME, (f"{DATA}/shims",))
"""The shims come before the system's programs."""
LOOK, INSTALL = 10, 3600
"""How many seconds the look at a version may take, and its installation."""
ASKED = {"node": "--version", "python": "--version", "java": "-version", "ruby": "--version"}
ASKED |= {"deno": "--version", "bun": "--version", "zig": "version"}
"""The program of each runtime, which has the runtime's name, and how it tells its version."""
BACKENDS = {"npm": "npm", "uv": "pipx"}
"""The registries of `tools`, and what mise calls them; its pipx runs uv where there is uv."""

Version = Annotated[
    str, spelled(r"^([a-z]+-)?[0-9][A-Za-z0-9.+_-]*$", 'a version in quotes, as "22" or "22.11.0"')
]
Tool = Annotated[
    str,
    spelled(r"^(@[a-z0-9._-]+/)?[a-z0-9][a-z0-9._-]*@[0-9][A-Za-z0-9.+-]*$", "NAME@VERSION"),
]
Tools = Annotated[list[Tool], adds("@?[^@]+")]
Setting = Annotated[str, spelled(r"^[a-z_]+(\.[a-z_]+)*$", "a setting of mise, `node.mirror_url`")]


class Release(Settings):
    """An archive of mise, for machines that do not reach mise's apt source."""

    url: Url
    """The address of the archive, `mise-vVERSION-linux-x64.tar.gz` of mise's releases or a copy:
    below one folder it has `bin/mise`."""
    sha256: Sha256
    """The checksum of the archive."""


class Registries(Settings):
    """Global tools by the registry that has them, each with its version: `typescript@5.6.3`."""

    npm: Tools = []
    """Packages of npm; they need `node`."""
    uv: Tools = []
    """Programs of PyPI, each in an environment of its own. They need the program uv, which the
    section `archives` can bring to /usr/local/bin."""

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield each registry with each of its tools."""
        for registry in BACKENDS:
            yield from ((registry, tool) for tool in getattr(self, registry))


@dataclass(frozen=True)
class Wanted:
    """A version of a runtime or tool that a person should have.

    Args:
        name: what mise calls it: `node`, `npm:typescript`.
        version: a version, or the beginning of one: `22`.
        at: as in Resource.
    """

    name: str
    version: str
    at: tuple[str | int, ...]

    @property
    def folder(self) -> str:
        """The folder of its installed versions: mise spells all but letters and digits `-`."""
        return re.sub(r"[^a-z0-9]+", "-", self.name)

    @property
    def values(self) -> dict[str, str]:
        """What the scripts that look at it need, quoted for sh."""
        values = {"folder": self.folder, "version": self.version, "program": self.program}
        return {name: shlex.quote(value) for name, value in values.items()}

    @property
    def program(self) -> str:
        """The name of its program; "" where only the installed files tell."""
        return self.name if self.name in ASKED else ""


class Section(Capability):
    """Runtimes of languages and global tools, installed by mise for each person.

    The versions stand in the person's own ~/.config/mise/config.toml, in which everything else
    stays as it is; `mise use` and the versions of projects work as ever. A version is exact
    (`22.11.0`), or the beginning of one (`22`): then any installed version that begins so will do,
    and nothing is upgraded. A version that is removed from the environment stays installed.

    Login shells and services find the programs by mise's shims. mise comes from its apt source, for
    which the environment has `packages: {sources: {mise: {}}}`, or from an archive. A person who
    moves mise's folders by variables (MISE_DATA_DIR, XDG_DATA_HOME) is not supported. The tests of
    envwright install Node.js and a package of npm; the other runtimes were not tried.
    """

    uncaptured: ClassVar[str] = (
        "A person's ~/.config/mise/config.toml is captured as one of `files`."
    )
    example: ClassVar[str] = """\
runtimes:
  node: "22"
  python: "3.12"
  tools: {npm: [typescript@5.6.3], uv: [ruff@0.7.0]}
  mise:
    url: https://files.example.com/mise-v2026.9.15-linux-x64.tar.gz
    sha256: b51f2463bc4fcdc3b0959b1454792f64be3612e73d856cbca4a062e39e070e74
"""

    users: Developers = []
    """The accounts that get the runtimes and tools."""
    node: Version | None = None
    """The version of Node.js."""
    python: Version | None = None
    """The version of Python; the system's own stays as it is."""
    java: Version | None = None
    """The version of Java, with a distributor before it where it is not OpenJDK: `temurin-21`."""
    ruby: Version | None = None
    """The version of Ruby."""
    deno: Version | None = None
    """The version of Deno."""
    bun: Version | None = None
    """The version of Bun."""
    zig: Version | None = None
    """The version of Zig."""
    tools: Registries = Registries()
    """Global tools beside the runtimes."""
    settings: dict[Setting, bool | int | str] = {}
    """Settings of mise by name, as `mise settings` lists them: `node.mirror_url`."""
    mise: Release | None = None
    """An archive of mise, in the place of its apt source."""

    @property
    def wanted(self) -> list[Wanted]:
        """The runtimes, and then the tools, which need them."""
        runtimes = ((name, getattr(self, name)) for name in ASKED)
        found = [Wanted(name, version, (name,)) for name, version in runtimes if version]
        for registry, tool in self.tools.items():
            package, _, version = tool.rpartition("@")
            at = ("tools", registry, getattr(self.tools, registry).index(tool))
            found.append(Wanted(f"{BACKENDS[registry]}:{package}", version, at))
        return found

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.architecture not in {"amd64", "arm64"}:
            yield Objection(
                f"mise is published for amd64 and arm64, and not for {machine.architecture}",
                "leave out `runtimes` there, by `when`",
            )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="ca-certificates")
        if self.mise:
            yield Archive(path=TREE, url=self.mise.url, sha256=self.mise.sha256, at=("mise",))
            needs = (f"archive:{TREE}",)
            yield Link(path=PROGRAM, target=f"{TREE}/bin/mise", needs=needs, at=("mise",))
        else:
            yield Package(package="mise")
        yield from SEARCH_PATH.resources()
        for user in self.users:
            yield from self._of(Person.named(user, machine))

    def _of(self, person: Person) -> Iterator[Resource]:
        """Yield the configuration of a person's mise, and what mise installs."""
        owner: dict[str, Any] = {"owner": person.user, "group": person.group}
        folders = [person.at_home(path) for path in ("~/.config", "~/.config/mise")]
        for folder in folders:
            yield Directory(path=folder, mode="", **owner)
        # Keys of TOML are pointers, in which a slash of a name is `~1` (@scope/name).
        keys: dict[str, Any] = {
            f"settings/{name.replace('.', '/')}": value for name, value in self.settings.items()
        }
        keys |= {f"tools/{each.name.replace('/', '~1')}": each.version for each in self.wanted}
        config = f"{folders[-1]}/config.toml"
        yield Keys(path=config, dialect="toml", keys=keys, keep=("mode",), **owner)
        runtimes = tuple(f"command:{_title(each, person)}" for each in self.wanted if each.program)
        for each in self.wanted:
            yield self._installed(each, person, config, () if each.program else runtimes)

    def _installed(
        self, each: Wanted, person: Person, config: str, runtimes: tuple[str, ...]
    ) -> Command:
        look = render("runtimes.look.sh", **each.values)
        state = person.runs(f'{look}echo "$state"\n', LOOK)
        wanted = shlex.quote(f"{each.name}@{each.version}")
        install = render("runtimes.install.sh", look=look, wanted=wanted)
        mise = f"link:{PROGRAM}" if self.mise else "package:mise"
        # The section `environment` may name the proxies.
        proxies = startup_files.ids("60-envwright")
        return Command(
            title=_title(each, person),
            observe=state,
            expected="installed",
            run=person.runs(install, INSTALL, online=True),
            seen=(Assertion("run", (state,), "stdout", "installed\n"),),
            after=(f"user:{person.user}", f"keys:{config}", mise, *runtimes, *proxies),
            at=each.at,
        )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from required.accounts(self.users, machine, "users")
        if self.mise is None:
            yield Requirement(
                "apt has mise",
                "[ -x /usr/bin/mise ] || apt-cache show mise >/dev/null 2>&1",
                "apt knows no package mise",
                "have the environment add mise's apt source (`packages: {sources: {mise: {}}}`), "
                "or name an archive: `runtimes: {mise: {url: ..., sha256: ...}}`",
                unless="apt-source:mise",
                assumed="the apt source of mise",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from SEARCH_PATH.proofs()
        for user in self.users:
            person = Person.named(user, machine)
            yield from (_found(each, person) for each in self.wanted)


def _title(each: Wanted, person: Person) -> str:
    return f"runtime {each.name} {each.version} of {person.user}"


def _found(each: Wanted, person: Person) -> Proof:
    """Return the proof that the person's login shell starts the version."""
    look = render("runtimes.look.sh", **each.values)
    script = render(
        "runtimes.login.sh",
        functions=FUNCTIONS,
        user=shlex.quote(person.user),
        data=shlex.quote(person.at_home(DATA)),
        title=each.name,
        asked=command(f"; {each.program} {ASKED[each.program]} 2>&1") if each.program else "",
        **(each.values | {"program": person.runs(f'{look}echo "$name"\n', LOOK)}),
    )
    return Proof(
        f"a login shell of {person.user} finds {each.name} {each.version}", script, at=each.at
    )
