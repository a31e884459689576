"""The capability `rust`: toolchains of Rust by rustup, and programs of crates.io, for persons."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from envwright.model.capability import Capability, Objection, Settings, render
from envwright.model.proof import Assertion, Proof
from envwright.model.values import BaseUrl, Developers, adds, spelled
from envwright.resources import accounts as required
from envwright.resources import startup_files
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.package import Package
from envwright.resources.search_path import SearchPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

SEARCH_PATH = SearchPath("63-envwright-rust", ("~/.cargo/bin",))
"""Where cargo puts programs."""
LOOK, BUILD, INSTALL = 10, 120, 3600
"""How many seconds a look may take, the program of the proof, and an installation."""
PROGRAM = (
    'rustc --version; d=$(mktemp -d) && cd "$d" && cargo init --quiet --vcs none --name hello . '
    '&& cargo run --quiet --offline; cd /; rm -rf "$d"'
)
"""What a login shell is asked: cargo's own first program says `Hello, world!`."""
WITHOUT = ("bookworm", "jammy")
"""The releases that have no package rustup (packages.debian.org, packages.ubuntu.com)."""
TRIPLES = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
"""The targets of Rust that the machines are."""

Channel = Annotated[
    str,
    spelled(
        r"^([0-9]+\.[0-9]+(\.[0-9]+)?|(nightly|beta)-[0-9]{4}-[0-9]{2}-[0-9]{2}|stable)$",
        'a version in quotes, "1.85" or "1.85.1", or a day\'s build, `nightly-2026-11-01`',
    ),
]
Part = Annotated[str, spelled(r"^[a-z][a-z0-9_.-]*$", "small letters, digits, `-`, `_` and `.`")]
Parts = Annotated[list[Part], adds()]
Crate = Annotated[
    str,
    spelled(r"^[A-Za-z][A-Za-z0-9_-]*@[0-9][A-Za-z0-9.+-]*$", "NAME@VERSION, as ripgrep@14.1.1"),
]


class Toolchain(Settings):
    """What a toolchain has beside the compiler, cargo and the standard library."""

    components: Parts = []
    """Components: `clippy`, `rustfmt`, `rust-src`, `rust-analyzer`."""
    targets: Parts = []
    """More targets to compile for: `wasm32-unknown-unknown`."""


class Section(Capability):
    """Rust by rustup, the way of its own project, for each person: toolchains and programs.

    rustup comes from the distribution; it keeps toolchains in the person's own ~/.rustup, beside
    those that the person installed. A toolchain is not upgraded: `stable` stays the one that came
    first, until the person calls `rustup update`. What is removed from the environment stays
    installed. The distribution's own `cargo` and `rustc` cannot be there together with rustup: plan
    refuses to remove them, unless `packages: {absent: [cargo, rustc]}` says so. A person who moves
    the folders by RUSTUP_HOME or CARGO_HOME is not supported. Verify compiles a program in the
    person's name.
    """

    uncaptured: ClassVar[str] = (
        "Toolchains and programs in ~/.rustup and ~/.cargo are not captured."
    )
    example: ClassVar[str] = """\
rust:
  toolchain: "1.85.1"
  components: [clippy, rustfmt]
  targets: [wasm32-unknown-unknown]
  tools: [ripgrep@14.1.1]
"""

    users: Developers = []
    """The accounts that get the toolchains and programs."""
    toolchain: Channel
    """The toolchain that `cargo` and `rustc` start where a project names no other."""
    components: Parts = []
    """What the toolchain has beside the compiler, cargo and the standard library: `clippy`,
    `rustfmt`, `rust-src`, `rust-analyzer`."""
    targets: Parts = []
    """More targets that the toolchain compiles for: `wasm32-unknown-unknown`."""
    also: dict[Channel, Toolchain] = {}
    """More toolchains, for `cargo +1.80` and the projects that name them."""
    tools: Annotated[list[Crate], adds("[^@]+")] = []
    """Programs of crates.io, each with its version, which cargo builds with the lock file of their
    authors. A registry in its place stands in the person's ~/.cargo/config.toml."""
    mirror: BaseUrl | None = None
    """A mirror of https://static.rust-lang.org."""

    @property
    def _toolchains(self) -> dict[str, Toolchain]:
        """All toolchains, the default first."""
        first = Toolchain(components=self.components, targets=self.targets)
        return {self.toolchain: first, **self.also}

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.architecture not in TRIPLES:
            yield Objection(
                f"envwright knows Rust's toolchains for amd64 and arm64, and not for "
                f"{machine.architecture}",
                "leave out `rust` there, by `when`",
            )
        if machine.codename in WITHOUT:
            yield Objection(
                f"{machine.distro} {machine.release} has no package rustup",
                "leave out `rust` there, by `when`; Debian 13 and Ubuntu 24.04 have one",
            )
        if self.toolchain in self.also:
            said = f"{self.toolchain} is the `toolchain` already"
            yield Objection(said, "leave it out of `also`", ("also", self.toolchain))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="rustup")
        # What rustc links programs with.
        yield Package(package="gcc")
        yield Package(package="libc6-dev")
        yield Package(package="ca-certificates")
        yield from SEARCH_PATH.resources()
        for user in self.users:
            yield from self._of(Person.named(user, machine), TRIPLES[machine.architecture])

    def _of(self, person: Person, triple: str) -> Iterator[Resource]:
        """Yield what a person gets: toolchains, the default among them, programs."""
        proxies = startup_files.ids("60-envwright")
        first = (f"user:{person.user}", "package:rustup", "package:gcc", *proxies)
        made = []
        for name, toolchain in self._toolchains.items():
            looked = _toolchain(name, toolchain, triple)
            at = ("toolchain",) if name == self.toolchain else ("also", name)
            made.append(self._command(f"rust toolchain {name}", person, looked, first, at))
        yield from made
        needs = tuple(each.id for each in made)
        default = _default(self.toolchain, triple)
        yield self._command("rust default", person, default, needs, ("toolchain",))
        for index, tool in enumerate(self.tools):
            crate, _, version = tool.partition("@")
            looked = _tool(crate, version, self.toolchain)
            yield self._command(f"rust program {crate}", person, looked, needs, ("tools", index))

    def _command(
        self,
        what: str,
        person: Person,
        scripts: tuple[str, str],
        after: tuple[str, ...],
        at: tuple[str | int, ...],
    ) -> Command:
        look, install = scripts
        state = person.runs(look, LOOK)
        server = {"RUSTUP_DIST_SERVER": self.mirror} if self.mirror else {}
        return Command(
            title=f"{what} of {person.user}",
            observe=state,
            expected="installed",
            run=person.runs(install, INSTALL, server, online=True),
            seen=(Assertion("run", (state,), "stdout", "installed\n"),),
            after=after,
            at=at,
        )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from required.accounts(self.users, machine, "users")

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from SEARCH_PATH.proofs()
        for user in self.users:
            number = re.search(r"^[0-9.]+", self.toolchain)
            script = render(
                "rust.build.sh",
                functions=FUNCTIONS,
                user=shlex.quote(user),
                build=shlex.quote(command(PROGRAM)),
                version=shlex.quote(number[0] if number else ""),
            )
            name = f"a login shell of {user} builds and starts a program of Rust"
            yield Proof(name, script, at=("toolchain",))


def _scripts(kind: str, **values: Any) -> tuple[str, str]:
    """Return the script that looks at something of a person's, and the one that installs it."""
    look = render(f"rust.{kind}.sh", **values)
    return look, look + render(f"rust.{kind}.install.sh", **values)


def _default(channel: str, triple: str) -> tuple[str, str]:
    return _scripts("default", name=shlex.quote(f"{channel}-{triple}"))


def _toolchain(channel: str, toolchain: Toolchain, triple: str) -> tuple[str, str]:
    # The list of parts has them with the target, and some by their former names.
    parts = {name: f"{name}(-preview)?(-{triple})?" for name in toolchain.components}
    parts |= {f"rust-std-{name}": f"rust-std-{name}" for name in toolchain.targets}
    return _scripts(
        "toolchain",
        name=shlex.quote(f"{channel}-{triple}"),
        channel=shlex.quote(channel),
        parts=[
            {"name": shlex.quote(name), "pattern": shlex.quote(pattern.replace(".", "[.]"))}
            for name, pattern in parts.items()
        ],
        components=shlex.join(toolchain.components),
        targets=shlex.join(toolchain.targets),
    )


def _tool(crate: str, version: str, channel: str) -> tuple[str, str]:
    return _scripts(
        "tool",
        entry=shlex.quote(f'"{crate} {version} ('),
        crate=shlex.quote(crate),
        version=shlex.quote(f"={version}"),
        toolchain=shlex.quote(f"+{channel}"),
    )
