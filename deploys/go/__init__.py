"""The capability `go`: toolchains of Go, settings of the go command, caches and tools."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import model_validator

from envwright.model.capability import Capability, Objection, render
from envwright.model.proof import Proof, Requirement
from envwright.model.values import Adding, BaseUrl, Developers, Sha256, spelled
from envwright.resources import accounts as required
from envwright.resources.archive import Archive
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.resources.startup_files import first_in_path

from . import accounts
from .fields import (
    ARCHITECTURES,
    COMPILERS,
    FOLDERS,
    ROOT,
    Env,
    Limits,
    Linter,
    Release,
    Tool,
    Unit,
    Version,
    compiler_for,
)
from .proofs import proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

NAME = "61-envwright-go"


class Section(Capability):
    """Go's toolchains, settings, caches and tools.

    Each version is unpacked from Go's own archive into /usr/local/go-VERSION, never over an
    existing tree. Its command is `go1.27.3`, which GOTOOLCHAIN=path finds, too. /usr/local/go is a
    link to the default version. A version must be complete (1.27.3, not 1.27), so that the
    environment means the same tomorrow. The machine downloads the archive, and looks its checksum
    up in the release index; `sha256` pins the checksum. A version that is removed from the
    environment stays on the machine.

    Settings are written to the file of `go env -w`, for each user, never to files of a shell. When
    a cache gets a new folder, its content moves there. The new folder must not be on a Windows
    drive. For private modules, see the section `logins`.
    """

    uncaptured: ClassVar[str] = "A toolchain that was unpacked by hand does not tell its checksum."
    example: ClassVar[str] = """\
go:
  version: "1.27.3"
  also: ["1.26.6"]
  users: [dev]
  toolchain: local
  env:
    GOCACHE: ~/caches/go-build
    GOMODCACHE: ~/caches/go-mod
    GOFLAGS: -modcacherw
  tools: {dlv: "1.25.2", gofumpt: "0.9.1"}
  golangci_lint: {version: "2.5.0"}
"""

    version: Version
    """The default version, the one of the command `go`."""
    also: Adding[Version] = []
    """Additional versions, each with its own command, such as `go1.26.6`."""
    mirror: BaseUrl = "https://go.dev/dl"
    """The base address of the archives, which have their official names there."""
    index: BaseUrl | None = None
    """The address of the release index with the checksums (the JSON of go.dev); by default the
    mirror's."""
    sha256: dict[Annotated[str, spelled(r"^go[^/\s]+\.tar\.gz$", "an archive's name")], Sha256] = {}
    """Checksums of archives by name; they are not looked up in the release index."""
    users: Developers = []
    """The accounts that get `env`, `toolchain` and `tools`."""
    toolchain: (
        Annotated[
            str,
            spelled(r"^(local|auto|path|(local|go1\.[0-9a-z.]+)(\+(auto|path))?)$", "like `local`"),
        ]
        | None
    ) = None
    """The value of GOTOOLCHAIN: with `local` go uses its own version alone; with `auto` it
    downloads the version that a module asks for; with `path` it looks for that version in PATH."""
    env: Env = Env()
    """Settings of the go command. `~/` stands for each user's home."""
    tools: dict[Tool, Release] = {}
    """Programs to install by `go install`, each with its version: a short name or a package's
    path."""
    golangci_lint: Linter | None = None
    """The linter golangci-lint."""
    cross: Adding[Annotated[str, spelled(f"^({'|'.join(COMPILERS)})$", ", ".join(COMPILERS))]] = []
    """Targets for which cgo can build; each installs a C compiler. Go without C needs none."""
    services: dict[Unit, Limits] = {}
    """Limits of services that are written in Go, by the name of the unit."""

    @model_validator(mode="after")
    def _sense(self) -> Section:
        given = [name for name in ("tools", "toolchain") if getattr(self, name)]
        given += ["env"] * (self.env != Env())
        if given and not self.users:
            raise ValueError(f"has {given[0]!r}, but no accounts for it: name them in 'users'")
        folders = {key: value for key, value in self.env.keys("~").items() if key in FOLDERS}
        for key, value in folders.items():
            if len(self.users) > 1 and not value.startswith("~"):
                raise ValueError(f"has one {key} for several accounts: begin it with `~/`")
        return self

    # --- The toolchains ----------------------------------------------------------------------

    @property
    def versions(self) -> list[str]:
        """All versions, the default version first."""
        return list(dict.fromkeys((self.version, *self.also)))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="ca-certificates")
        for version in self.versions:
            yield from self._toolchain(version, ARCHITECTURES[machine.architecture])
        target, needs = f"{ROOT}-{self.version}", (f"archive:{ROOT}-{self.version}",)
        yield Link(path=ROOT, target=target, needs=needs, at=("version",))
        # First in PATH, since Go of Windows and Go of Debian must not be found first.
        yield from first_in_path(NAME, self._folders)
        for user in self.users:
            yield from accounts.settings(self, user, machine)
            for tool in self.tools:
                yield accounts.tool(self, tool, user, machine)
        if self.golangci_lint:
            yield from _linter(self.golangci_lint, machine)
        for index, built in enumerate(self.cross):
            for package in compiler_for(built, machine)[1]:
                yield Package(package=package, at=("cross", index))
        for unit, limits in self.services.items():
            path, at = f"/etc/systemd/system/{unit}.d/61-envwright-go.conf", ("services", unit)
            yield File(path=path, content=limits.drop_in(), at=at)
            yield Service(unit=unit, running=None, enabled=None, reads=(path,), at=at)

    def _toolchain(self, version: str, architecture: str) -> Iterator[Resource]:
        at = ("version",) if version == self.version else ("also", self.also.index(version))
        file, tree = f"go{version}.linux-{architecture}.tar.gz", f"{ROOT}-{version}"
        yield Archive(
            path=tree,
            url=f"{self.mirror}/{file}",
            sha256=self.sha256.get(file, ""),
            index=self.index or f"{self.mirror}/?mode=json&include=all",
            at=at,
        )
        command = f"/usr/local/bin/go{version}"
        yield Link(path=command, target=f"{tree}/bin/go", needs=(f"archive:{tree}",), at=at)

    @property
    def programs(self) -> str:
        """The folder of the programs that `go install` builds; may begin with `~`."""
        return self.env.gobin or f"{self.env.gopath or '~/go'}/bin"

    @property
    def _folders(self) -> tuple[str, ...]:
        """The folders of programs; the last one comes first in PATH."""
        return (self.programs, f"{ROOT}/bin")

    # --- What must hold, and what is shown ---------------------------------------------------

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.architecture not in ARCHITECTURES:
            yield Objection(
                f"Go publishes no archives for {machine.architecture}", "leave out `go`"
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from required.accounts(self.users, machine, "users")
        for user in self.users:
            for key, path in self.env.keys(machine.home(user)).items():
                if key in FOLDERS:
                    yield Requirement(
                        f"{key} of {user} is on Linux's own disk",
                        render("go.native.sh", path=shlex.quote(path), mounts="/proc/self/mounts"),
                        f"{key} of {user}, {path}, would be on a Windows drive (drvfs), where each "
                        "of a build's thousands of small files is a round trip to Windows",
                        "name a folder on the distribution's own disk, like ~/.cache/go-build",
                    )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from proofs(self, machine)


def _linter(linter: Linter, machine: Machine) -> Iterator[Resource]:
    version = linter.version.removeprefix("v")
    name = f"golangci-lint-{version}"
    # golangci-lint uses Go's names of architectures, except for 32-bit ARM: armv6.
    architecture = ARCHITECTURES[machine.architecture].replace("armv6l", "armv6")
    folder, tree = f"{linter.mirror}/v{version}", f"/usr/local/{name}"
    yield Archive(
        path=tree,
        url=f"{folder}/{name}-linux-{architecture}.tar.gz",
        sha256=linter.sha256 or "",
        index=f"{folder}/{name}-checksums.txt",
        at=("golangci_lint",),
    )
    yield Link(
        path="/usr/local/bin/golangci-lint",
        target=f"{tree}/golangci-lint",
        needs=(f"archive:{tree}",),
        at=("golangci_lint",),
    )
