"""Go: toolchains by official archive, settings in Go's own file, caches moved, tools pinned."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envwright.capability import AccountName, Capability, Settings, render
from envwright.resource import Assertion, Proof, Requirement, Resource
from envwright.resources.archive import Archive
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

ROOT = "/usr/local/go"
GO = f"{ROOT}/bin/go"
PATH = f"{ROOT}/bin:/usr/local/bin:/usr/bin:/bin"
HEADER = "# Written by envwright: change the environment, not this file.\n"
PROFILE = "/etc/profile.d/61-envwright-go.sh"
USERS = "/etc/environment.d/61-envwright-go.conf"
FOLDERS = ("GOPATH", "GOCACHE", "GOMODCACHE", "GOBIN", "GOTMPDIR")
ARCHITECTURES = {
    "amd64": "amd64",
    "arm64": "arm64",
    "armhf": "armv6l",
    "i386": "386",
    "riscv64": "riscv64",
    "ppc64el": "ppc64le",
    "s390x": "s390x",
}
"""What Debian's architectures are called in the names of Go's archives."""
TOOLS = {
    "dlv": ("github.com/go-delve/delve/cmd/dlv", "version"),
    "gofumpt": ("mvdan.cc/gofumpt", "-version"),
    "gopls": ("golang.org/x/tools/gopls", "version"),
    "staticcheck": ("honnef.co/go/tools/cmd/staticcheck", "-version"),
    "govulncheck": ("golang.org/x/vuln/cmd/govulncheck", "-version"),
    "goimports": ("golang.org/x/tools/cmd/goimports", ""),
    "stringer": ("golang.org/x/tools/cmd/stringer", ""),
}
"""The package of tools that go by a short name, and what makes them say their version."""
COMPILERS = {
    "amd64": ("x86_64-linux-gnu-gcc", ("gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"), "62"),
    "arm64": ("aarch64-linux-gnu-gcc", ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"), "183"),
    "arm": ("arm-linux-gnueabihf-gcc", ("gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"), "40"),
    "386": ("i686-linux-gnu-gcc", ("gcc-i686-linux-gnu", "libc6-dev-i386-cross"), "3"),
    "riscv64": (
        "riscv64-linux-gnu-gcc",
        ("gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"),
        "243",
    ),
    "windows": ("x86_64-w64-mingw32-gcc", ("gcc-mingw-w64-x86-64",), ""),
}
"""By target: the C compiler, Debian's packages of it, and the machine's number in ELF headers."""


def words(pattern: str, words: str) -> Any:
    """Say what a text looks like, to pydantic and to people."""
    return Field(pattern=pattern, json_schema_extra={"words": words})


def _folder(path: str) -> str:
    rest = path.removeprefix("~")
    whole = rest.startswith("/") and posixpath.normpath(rest) == rest
    if not whole or ":" in rest or not rest.isprintable():
        raise ValueError("must be an absolute path, or one that begins with `~/`")
    return path


Folder = Annotated[str, AfterValidator(_folder)]
Line = Annotated[str, words(r"^[^\n\r\x00]*$", "text on one line")]
Version = Annotated[
    str,
    words(r"^1\.[0-9]+(\.[0-9]+)?((rc|beta)[0-9]+)?$", 'a version in quotes, like "1.27.3"'),
]
Release = Annotated[
    str,
    words(r"^v?[0-9]+\.[0-9]+\.[0-9]+([-+.][0-9A-Za-z.+-]+)?$", 'a version, like "1.25.2"'),
]
Tool = Annotated[
    str,
    words(
        r"^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9._~-]+)*$",
        f"a package's path, or one of {', '.join(TOOLS)}",
    ),
]
Url = Annotated[
    str,
    words(r"^https?://[^\s\"'<>\\]+[^\s\"'<>\\/]$", "an address without a `/` at its end"),
]
Sha256 = Annotated[str, words(r"^[0-9a-f]{64}$", "64 small hexadecimal digits")]
Size = Annotated[str, words(r"^[1-9][0-9]*[KMGT]$", "a size with its unit, like `512M` or `2G`")]
Unit = Annotated[str, words(r"^[A-Za-z0-9@_.:\\-]+\.service$", "a service, like `api.service`")]


class Env(Settings):
    """Settings of the go command (`go help environment`); others in the file stay."""

    model_config = ConfigDict(alias_generator=str.upper)

    gopath: Folder | None = None
    """Where `go install` and, in pkg/mod, downloaded modules lie; by default ~/go."""
    gocache: Folder | None = None
    """The build cache; what is in the present one moves along."""
    gomodcache: Folder | None = None
    """Downloaded modules; what is there moves along, read-only as it is."""
    gobin: Folder | None = None
    """Where `go install` puts programs; by default bin in GOPATH."""
    gotmpdir: Folder | None = None
    """Where the go command works."""
    goproxy: Line | None = None
    """Module proxies: behind `,` the next is asked on 404 and 410, behind `|` on any error."""
    goprivate: Line | None = None
    """Globs of modules that are neither fetched by a proxy nor looked up in GOSUMDB."""
    gonoproxy: Line | None = None
    """Globs of modules that are not fetched by a proxy; by default GOPRIVATE."""
    gonosumdb: Line | None = None
    """Globs of modules that are not looked up in GOSUMDB; by default GOPRIVATE."""
    gosumdb: Line | None = None
    """The checksum database, or `off`."""
    goinsecure: Line | None = None
    """Globs of modules that may be fetched without TLS."""
    govcs: Line | None = None
    """Which version control programs may be used for which modules."""
    goauth: Line | None = None
    """How the go command finds logins: `netrc`, `git DIR`, a command."""
    goflags: Line | None = None
    """Flags of every go command: `-modcacherw`."""
    goexperiment: Line | None = None
    """Experiments of the toolchain."""
    godebug: Line | None = None
    """Compatibility switches of built programs while they run under the go command."""
    goos: Line | None = None
    """The operating system to build for."""
    goarch: Line | None = None
    """The architecture to build for."""
    goamd64: Line | None = None
    """The oldest amd64 to build for: `v1` to `v4`."""
    cgo_enabled: bool | None = None
    """Build with C, for which a compiler is needed."""
    cc: Line | None = None
    """The C compiler."""
    cxx: Line | None = None
    """The C++ compiler."""
    gowork: Line | None = Field(default=None, pattern="^off$")
    """`off`: no workspaces."""

    def keys(self, home: str) -> dict[str, str]:
        """Return the settings that are given, `~` put out."""
        values = {key: _value(value) for key, value in self.model_dump(exclude_none=True).items()}
        return {key: _at(home, value) if key in FOLDERS else value for key, value in values.items()}


def _value(value: str | bool) -> str:  # noqa: FBT001 - a value of YAML
    return value if isinstance(value, str) else str(int(value))


def _at(home: str, path: str) -> str:
    return home + path.removeprefix("~") if path.startswith("~") else path


class Linter(Settings):
    """golangci-lint, by the archive of its release: its authors advise against `go install`."""

    version: Release
    """The release."""
    mirror: Url = "https://github.com/golangci/golangci-lint/releases/download"
    """Where releases lie, each in a folder with its list of checksums."""
    sha256: Sha256 | None = None
    """Of the archive for this machine's architecture; by default as that list says."""


class Limits(Settings):
    """What a service written in Go may take."""

    memory_max: Size | None = None
    """The most memory that systemd lets it have. Go does not look at that limit by itself: it is
    also told to stay below nine tenths of it (GOMEMLIMIT)."""
    gomemlimit: Annotated[str, words(r"^[1-9][0-9]*([KMGT]iB|B)$", "like `900MiB`")] | None = None
    """The soft limit of Go's own memory, where nine tenths are not right."""
    cpu_quota: Annotated[str, words(r"^[1-9][0-9]*%$", "like `150%`")] | None = None
    """How much of processors it gets; since 1.25 Go fits GOMAXPROCS to it by itself."""
    gomaxprocs: int | None = Field(default=None, ge=1)
    """How many threads run Go code at a time; turns off what Go 1.25 does by itself."""

    def variables(self) -> dict[str, str]:
        """Return what its process is told."""
        found = {}
        if self.gomemlimit:
            found["GOMEMLIMIT"] = self.gomemlimit
        elif self.memory_max:
            size = (
                int(self.memory_max[:-1])
                << {"K": 10, "M": 20, "G": 30, "T": 40}[self.memory_max[-1]]
            )
            found["GOMEMLIMIT"] = f"{size * 9 // 10}B"
        return found | ({"GOMAXPROCS": str(self.gomaxprocs)} if self.gomaxprocs else {})

    def drop_in(self) -> str:
        """Return the drop-in of its unit."""
        quotas = {"MemoryMax": self.memory_max, "CPUQuota": self.cpu_quota}
        lines = [f"{key}={value}\n" for key, value in quotas.items() if value]
        lines += [f"Environment={name}={value}\n" for name, value in self.variables().items()]
        return f"{HEADER}[Service]\n{''.join(lines)}"


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
    mirror: Url = "https://go.dev/dl"
    """Where the archives are, under their official names."""
    index: Url | None = None
    """Where checksums are looked up: the JSON of go.dev; by default the mirror's own."""
    sha256: dict[Annotated[str, words(r"^go[^/\s]+\.tar\.gz$", "an archive's name")], Sha256] = {}
    """Checksums of archives by name, which then are not looked up."""
    users: list[AccountName] = []
    """Accounts that `env`, `toolchain` and `tools` are for."""
    toolchain: (
        Annotated[
            str,
            words(r"^(local|auto|path|(local|go1\.[0-9a-z.]+)(\+(auto|path))?)$", "like `local`"),
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
    cross: list[Annotated[str, words(f"^({'|'.join(COMPILERS)})$", ", ".join(COMPILERS))]] = []
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
        if machine.architecture not in ARCHITECTURES:
            return
        yield Package(package="ca-certificates")
        for version in self.versions:
            yield from self._toolchain(version, ARCHITECTURES[machine.architecture])
        target, needs = f"{ROOT}-{self.version}", (f"archive:{ROOT}-{self.version}",)
        yield Link(path=ROOT, target=target, needs=needs, at=("version",))
        yield File(path=PROFILE, content=self._profile())
        yield File(path=USERS, content=self._environment())
        for user in self.users:
            yield from self._settings(user, machine)
            for tool in self.tools:
                yield self._tool(tool, user, machine)
        if self.golangci_lint:
            yield from _linter(self.golangci_lint, machine)
        for index, built in enumerate(self.cross):
            for package in _compiler(built, machine)[1]:
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

    def _bin(self) -> str:
        """Return where `go install` puts programs, `~` and all."""
        return self.env.gobin or f"{self.env.gopath or '~/go'}/bin"

    def _profile(self) -> str:
        own = self._bin()
        own = f'"$HOME"{shlex.quote(own[1:])}' if own.startswith("~") else shlex.quote(own)
        # Prepended: Windows' directories, and Debian's own Go, must not come before.
        case = 'case ":$PATH:" in *":$folder:"*) ;; *) PATH=$folder:$PATH ;; esac'
        return f"{HEADER}for folder in {own} {ROOT}/bin; do\n    {case}\ndone\nunset folder\n"

    def _environment(self) -> str:
        own = self._bin()
        escaped = "".join(f"\\{c}" if c in '\\"$`' else c for c in own.removeprefix("~"))
        own = "${HOME}" + escaped if own.startswith("~") else escaped
        rest = "${PATH:-/usr/local/bin:/usr/bin:/bin}"
        return f'{HEADER}PATH="{ROOT}/bin:{own}:{rest}"\n'

    # --- What each user has ------------------------------------------------------------------

    def _keys(self, home: str) -> dict[str, str]:
        toolchain = {"GOTOOLCHAIN": self.toolchain} if self.toolchain else {}
        return toolchain | self.env.keys(home)

    def _settings(self, user: str, machine: Machine) -> Iterator[Resource]:
        home = machine.home(user)
        if not (keys := self._keys(home)):
            return
        owner: dict[str, Any] = {"owner": user, "group": machine.primary_group(user)}
        folders: dict[str, tuple[str, ...]] = {f"{home}/.config/go": ("env",)}
        folders |= {keys[key]: ("env", key) for key in FOLDERS if key in keys}
        for folder, at in folders.items():
            for path in _parents(folder, home):
                yield Directory(path=path, mode="", at=at, **owner)
        caches = list(self._caches(user, home))
        yield from caches
        yield Keys(
            path=f"{home}/.config/go/env",
            dialect="goenv",
            keys=keys,
            needs=tuple(cache.id for cache in caches),
            at=("env",),
            **owner,
        )

    def _caches(self, user: str, home: str) -> Iterator[Command]:
        """Move what is in a cache, before the file that says where it is now is changed."""
        file, said = f"{home}/.config/go/env", self.env.keys(home)
        places = {key: (said[key], str(key)) for key in ("GOCACHE", "GOMODCACHE") if key in said}
        if "GOPATH" in said:
            places.setdefault("GOMODCACHE", (f"{said['GOPATH']}/pkg/mod", "GOPATH"))
        for key, (wanted, by) in places.items():
            values = {"env": file, "home": home, "wanted": wanted, "user": user}
            quoted = {name: shlex.quote(value) for name, value in values.items()}
            seen = ("file", (file,), "content_string", said[by])
            yield Command(
                title=f"go cache {key} of {user}",
                observe=render("go.where.sh", key=key, **quoted),
                expected=wanted,
                run=render("go.move.sh", key=key, **quoted),
                seen=(Assertion(*seen, view="goenv", key=by),),
                after=(f"user:{user}", *(f"directory:{path}" for path in _parents(wanted, home))),
                at=("env", by),
            )

    def _tool(self, tool: str, user: str, machine: Machine) -> Command:
        home = machine.home(user)
        package, version = TOOLS.get(tool, (tool, ""))[0], f"v{self.tools[tool].removeprefix('v')}"
        file = shlex.quote(_at(home, f"{self._bin()}/{_program(package)}"))
        # What the linker wrote into the program: module and version, between tabs.
        line = rf"^mod\t{_module_pattern(package)}\t{version.replace('.', '[.]')}\t"
        see = f"LC_ALL=C grep -aqP -- {shlex.quote(line)} {file}"
        ask = 'awk \'$1 == "path" { path = $2 } $1 == "mod" { print path "@" $3 }\''
        settings = (f"keys:{home}/.config/go/env", f"keys:{home}/.netrc", "package:git")
        return Command(
            title=f"go tool {tool} of {user}",
            observe=f"{QUIETLY} {GO} version -m {file} | {ask}",
            expected=f"{package}@{version}",
            run=_as(user, home, f"go install {shlex.quote(f'{package}@{version}')}"),
            seen=(Assertion("run", (see,), "rc", 0),),
            after=(f"user:{user}", f"link:{ROOT}", *settings),
            at=("tools", tool),
        )

    # --- What must hold, and what is shown ---------------------------------------------------

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if machine.architecture not in ARCHITECTURES:
            yield Requirement(
                "Go publishes archives for this architecture",
                "false",
                f"Go publishes no archives for {machine.architecture}",
                "leave out `go`",
            )
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
        platform = f"linux/{ARCHITECTURES.get(machine.architecture, '').replace('v6l', '')}"
        for version in self.versions:
            answer = shlex.quote(f"go version go{version} {platform}")
            yield Proof(
                f"go{version} answers",
                f'got=$({QUIETLY} go{version} version); echo "$got"; [ "$got" = {answer} ]',
                at=("version",) if version == self.version else ("also",),
            )
        for user in self.users:
            yield from self._user_proofs(user, machine.home(user))
        if self.golangci_lint:
            version = self.golangci_lint.version.removeprefix("v")
            yield Proof(
                "golangci-lint answers its version",
                f"{QUIETLY} golangci-lint version | grep -F -- {shlex.quote(version)}",
                at=("golangci_lint",),
            )
        for target in self.cross:
            compiler, _, number = _compiler(target, machine)
            values = {"target": target, "compiler": compiler, "number": number, "go": GO}
            yield Proof(f"cgo builds for {target}", render("go.cgo.sh", **values), at=("cross",))
        for unit, limits in self.services.items():
            wanted = [shlex.quote(f"{n}={v}") for n, v in limits.variables().items()]
            values = {"unit": shlex.quote(unit), "wanted": " ".join(wanted)}
            yield Proof(
                f"{unit} runs with its limits",
                render("go.service.sh", **values),
                at=("services", unit),
            )

    def _user_proofs(self, user: str, home: str) -> Iterator[Proof]:
        keys = self._keys(home)
        # A value that is a secret is the file's, whose witness sees it.
        shown = {key: shlex.quote(value) for key, value in keys.items() if "⟦" not in value}
        if shown:
            check = 'check() { got=$(go env "$1"); echo "$1=$got"; [ "$got" = "$2" ] || exit 1; }\n'
            lines = "".join(f"check {key} {value}\n" for key, value in shown.items())
            name = f"the go command of {user} answers with these settings"
            yield Proof(name, _as(user, home, f"{check}{lines}"), at=("env",))
        for key in FOLDERS:
            if key in keys:
                script = render(
                    "go.native.sh", path=shlex.quote(keys[key]), mounts="/proc/self/mounts"
                )
                yield Proof(f"{key} of {user} is on Linux's own disk", script, at=("env", key))
        yield Proof(f"{user} builds and runs a program", _as(user, home, render("go.build.sh")))
        quoted = {"user": shlex.quote(user), "home": shlex.quote(home), "go": GO}
        version = shlex.quote(f"go{self.version}")
        login = render("go.login.sh", version=version, **quoted)
        yield Proof(f"a login shell of {user} finds this Go, and none of Windows", login)
        yield Proof(f"services of {user} find this Go", render("go.services.sh", **quoted))
        for tool, version in self.tools.items():
            package, ask = TOOLS.get(tool, (tool, ""))
            program = shlex.quote(_at(home, f"{self._bin()}/{_program(package)}"))
            said = f"{program} {ask}" if ask else f"go version -m {program}"
            script = f"{said} | grep -F -- {shlex.quote(version.removeprefix('v'))}"
            name = f"{tool} of {user} answers its version"
            yield Proof(name, _as(user, home, script), at=("tools", tool))


QUIETLY = f"env -i HOME=/dev/null GOTOOLCHAIN=local GOTELEMETRY=off PATH={PATH}"
"""Runs the go command so that it writes nothing anywhere, and asks nobody."""


def _as(user: str, home: str, script: str) -> str:
    """Return a script that is run as a user, with nothing of the caller's environment."""
    variables = f"HOME={shlex.quote(home)} USER={shlex.quote(user)} PATH={PATH}"
    return (
        f"cd / && runuser -u {shlex.quote(user)} -- env -i {variables} sh -c {shlex.quote(script)}"
    )


def _parents(path: str, home: str) -> Iterator[str]:
    """Yield the directories from a user's home (or only the last one elsewhere) to a path."""
    if not path.startswith(f"{home}/"):
        yield path
        return
    folder = home
    for name in path.removeprefix(f"{home}/").split("/"):
        folder = f"{folder}/{name}"
        yield folder


def _program(package: str) -> str:
    """Return what `go install` calls the program of a package: not by a major version."""
    *above, last = package.split("/")
    return above[-1] if above and re.fullmatch(r"v[0-9]+", last) else last


def _module_pattern(package: str) -> str:
    """Return a pattern of the modules that a package can be in: itself, or one above it."""
    first, *rest = (re.escape(part) for part in package.split("/"))
    return first + "".join(f"(?:/{part}" for part in rest) + ")?" * len(rest)


def _linter(linter: Linter, machine: Machine) -> Iterator[Resource]:
    version = linter.version.removeprefix("v")
    name = f"golangci-lint-{version}"
    # Go's names of architectures, but for 32-bit ARM, whose releases are by version.
    architecture = ARCHITECTURES[machine.architecture]
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


def _compiler(target: str, machine: Machine) -> tuple[str, tuple[str, ...], str]:
    """Return the C compiler for a target, its packages, and the target's number in ELF headers."""
    compiler, packages, number = COMPILERS[target]
    if target == ARCHITECTURES.get(machine.architecture, "").replace("armv6l", "arm"):
        return "gcc", ("gcc", "libc6-dev"), number
    return compiler, packages, number
