"""Go: toolchains by official archive, settings in Go's own file, caches moved, tools pinned."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import model_validator

from envwright.model import systemd
from envwright.model.capability import HEADER, Capability, Objection, render
from envwright.model.proof import Proof, Requirement
from envwright.model.values import AccountName, BaseUrl, Sha256, spelled
from envwright.resources.archive import Archive
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.service import Service

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

PROFILE = "/etc/profile.d/61-envwright-go.sh"
USERS = "/etc/environment.d/61-envwright-go.conf"


class Section(Capability):
    """Go's toolchains, settings, caches and tools.

    Each version is unpacked from Go's own archive into /usr/local/go-VERSION, never over another
    tree, and answers as `go1.27.3`, which GOTOOLCHAIN=path finds too; /usr/local/go is a link to
    the default one. Versions are whole, so that an environment means the same tomorrow. The
    checksum of an archive is looked up in the release index when it is downloaded, by the
    machine; `sha256` pins it. Versions that are no longer named stay.

    Settings go to the file that `go env -w` writes, of each user, never to a shell's files; what
    lies in the present caches moves to their new places, which may not be on a Windows drive.
    Logins for private modules are the section `logins`.
    """

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
    """The default version: what `go` is."""
    also: list[Version] = []
    """Further versions side by side: `go1.26.6` is a command."""
    mirror: BaseUrl = "https://go.dev/dl"
    """Where the archives are, under their official names."""
    index: BaseUrl | None = None
    """Where checksums are looked up: the JSON of go.dev; by default the mirror's own."""
    sha256: dict[Annotated[str, spelled(r"^go[^/\s]+\.tar\.gz$", "an archive's name")], Sha256] = {}
    """Checksums of archives by name, which then are not looked up."""
    users: list[AccountName] = []
    """Accounts that `env`, `toolchain` and `tools` are for."""
    toolchain: (
        Annotated[
            str,
            spelled(r"^(local|auto|path|(local|go1\.[0-9a-z.]+)(\+(auto|path))?)$", "like `local`"),
        ]
        | None
    ) = None
    """GOTOOLCHAIN: `local` never takes another version than the one that is asked; `auto`
    downloads what a module wants; `path` looks for it among the commands."""
    env: Env = Env()
    """Settings of the go command. `~/` is each user's home."""
    tools: dict[Tool, Release] = {}
    """Programs by `go install`, each at a version: a short name or a package's path."""
    golangci_lint: Linter | None = None
    """The linter."""
    cross: list[Annotated[str, spelled(f"^({'|'.join(COMPILERS)})$", ", ".join(COMPILERS))]] = []
    """What cgo builds for: C compilers of Debian. Go without C needs none."""
    services: dict[Unit, Limits] = {}
    """Limits of services that are written in Go, by unit."""

    @model_validator(mode="after")
    def _sense(self) -> Section:
        given = [name for name in ("tools", "toolchain") if getattr(self, name)]
        given += ["env"] * (self.env != Env())
        if given and not self.users:
            raise ValueError(f"has {given[0]!r} for nobody: name accounts in 'users'")
        folders = {key: value for key, value in self.env.keys("~").items() if key in FOLDERS}
        for key, value in folders.items():
            if len(self.users) > 1 and not value.startswith("~"):
                raise ValueError(f"has one {key} for several accounts: begin it with `~/`")
        return self

    # --- The toolchains ----------------------------------------------------------------------

    @property
    def versions(self) -> list[str]:
        """All versions, the default first."""
        return list(dict.fromkeys((self.version, *self.also)))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="ca-certificates")
        for version in self.versions:
            yield from self._toolchain(version, ARCHITECTURES[machine.architecture])
        target, needs = f"{ROOT}-{self.version}", (f"archive:{ROOT}-{self.version}",)
        yield Link(path=ROOT, target=target, needs=needs, at=("version",))
        yield File(path=PROFILE, content=self._profile())
        yield File(path=USERS, content=self._environment())
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
        """Where `go install` puts programs, `~` and all."""
        return self.env.gobin or f"{self.env.gopath or '~/go'}/bin"

    def _profile(self) -> str:
        own = self.programs
        own = f'"$HOME"{shlex.quote(own[1:])}' if own.startswith("~") else shlex.quote(own)
        # Prepended: Windows' directories, and Debian's own Go, must not come before.
        case = 'case ":$PATH:" in *":$folder:"*) ;; *) PATH=$folder:$PATH ;; esac'
        return f"{HEADER}for folder in {own} {ROOT}/bin; do\n    {case}\ndone\nunset folder\n"

    def _environment(self) -> str:
        own = self.programs
        escaped = systemd.unexpanded(own.removeprefix("~"))
        own = "${HOME}" + escaped if own.startswith("~") else escaped
        rest = "${PATH:-/usr/local/bin:/usr/bin:/bin}"
        return f'{HEADER}PATH="{ROOT}/bin:{own}:{rest}"\n'

    # --- What must hold, and what is shown ---------------------------------------------------

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.architecture not in ARCHITECTURES:
            yield Objection(
                f"Go publishes no archives for {machine.architecture}", "leave out `go`"
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for user in self.users:
            for key, path in self.env.keys(machine.home(user)).items():
                if key in FOLDERS:
                    yield Requirement(
                        f"{key} of {user} is on Linux's own disk",
                        render("go.native.sh", path=shlex.quote(path), mounts="/proc/self/mounts"),
                        f"{key} of {user}, {path}, would be on a Windows drive (drvfs), where each "
                        "of a build's thousands of small files is a round trip to Windows",
                        "choose a folder on the distribution's own disk, like ~/.cache/go-build",
                    )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from proofs(self, machine)


def _linter(linter: Linter, machine: Machine) -> Iterator[Resource]:
    version = linter.version.removeprefix("v")
    name = f"golangci-lint-{version}"
    # Go's names of architectures, but for 32-bit ARM: armv6.
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
