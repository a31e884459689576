"""The types of the section `go`: its kinds of values and its tables."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envwright.model.capability import HEADER, Settings
from envwright.model.extra import refuse_typed
from envwright.model.values import BaseUrl, OneLine, Sha256, spelled

if TYPE_CHECKING:
    from envwright.facts import Machine

ROOT = "/usr/local/go"
GO = f"{ROOT}/bin/go"
PATH = f"{ROOT}/bin:/usr/local/bin:/usr/bin:/bin"
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
"""By Debian's name of an architecture: the name in Go's archives."""
TOOLS = {
    "dlv": ("github.com/go-delve/delve/cmd/dlv", "version"),
    "gofumpt": ("mvdan.cc/gofumpt", "-version"),
    "gopls": ("golang.org/x/tools/gopls", "version"),
    "staticcheck": ("honnef.co/go/tools/cmd/staticcheck", "-version"),
    "govulncheck": ("golang.org/x/vuln/cmd/govulncheck", "-version"),
    "goimports": ("golang.org/x/tools/cmd/goimports", ""),
    "stringer": ("golang.org/x/tools/cmd/stringer", ""),
}
"""By short name of a tool: its package, and the argument that prints its version."""
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
"""By target: the C compiler, its Debian packages, and the number of the machine in ELF headers."""


def _folder(path: str) -> str:
    rest = path.removeprefix("~")
    whole = rest.startswith("/") and posixpath.normpath(rest) == rest
    if not whole or ":" in rest or not rest.isprintable():
        raise ValueError("must be an absolute path, or one that begins with `~/`")
    return path


Folder = Annotated[str, AfterValidator(_folder)]
Version = Annotated[
    str,
    spelled(r"^1\.[0-9]+(\.[0-9]+)?((rc|beta)[0-9]+)?$", 'a version in quotes, like "1.27.3"'),
]
Release = Annotated[
    str,
    spelled(r"^v?[0-9]+\.[0-9]+\.[0-9]+([-+.][0-9A-Za-z.+-]+)?$", 'a version, like "1.25.2"'),
]
Tool = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9._~-]+)*$",
        f"a package's path, or one of {', '.join(TOOLS)}",
    ),
]
Size = Annotated[str, spelled(r"^[1-9][0-9]*[KMGT]$", "a size with its unit, like `512M` or `2G`")]
Unit = Annotated[str, spelled(r"^[A-Za-z0-9@_.:\\-]+\.service$", "a service, like `api.service`")]


class Env(Settings):
    """Settings of the go command (`go help environment`); other settings in the file stay."""

    model_config = ConfigDict(alias_generator=str.upper)

    gopath: Folder | None = None
    """The folder of installed programs (bin) and downloaded modules (pkg/mod); by default ~/go."""
    gocache: Folder | None = None
    """The folder of the build cache; the content of the present folder moves there."""
    gomodcache: Folder | None = None
    """The folder of downloaded modules; the content of the present folder moves there, and stays
    read-only."""
    gobin: Folder | None = None
    """The folder of the programs that `go install` builds; by default bin in GOPATH."""
    gotmpdir: Folder | None = None
    """The folder of the go command's temporary files."""
    goproxy: OneLine | None = None
    """Module proxies in order. After `,` the next proxy is asked on 404 and 410, after `|` on any
    error."""
    goprivate: OneLine | None = None
    """Globs of modules that are neither fetched by a proxy nor looked up in GOSUMDB."""
    gonoproxy: OneLine | None = None
    """Globs of modules that are not fetched by a proxy; by default GOPRIVATE."""
    gonosumdb: OneLine | None = None
    """Globs of modules that are not looked up in GOSUMDB; by default GOPRIVATE."""
    gosumdb: OneLine | None = None
    """The checksum database, or `off`."""
    goinsecure: OneLine | None = None
    """Globs of modules that may be fetched without TLS."""
    govcs: OneLine | None = None
    """Which version control programs may be used for which modules."""
    goauth: OneLine | None = None
    """How the go command finds logins: `netrc`, `git DIR`, or a command."""
    goflags: OneLine | None = None
    """Flags of every go command, such as `-modcacherw`."""
    goexperiment: OneLine | None = None
    """Experiments of the toolchain to turn on."""
    godebug: OneLine | None = None
    """GODEBUG settings of programs that the go command runs."""
    goos: OneLine | None = None
    """The operating system to build for."""
    goarch: OneLine | None = None
    """The architecture to build for."""
    goamd64: OneLine | None = None
    """The oldest amd64 to build for: `v1` to `v4`."""
    cgo_enabled: bool | None = None
    """Whether to build with C, which needs a C compiler."""
    cc: OneLine | None = None
    """The C compiler."""
    cxx: OneLine | None = None
    """The C++ compiler."""
    gowork: OneLine | None = Field(default=None, pattern="^off$")
    """`off` turns workspaces off."""
    extra: dict[
        Annotated[str, spelled(r"^[A-Z][A-Z0-9_]*$", "capitals, digits and `_`")], OneLine
    ] = Field(default={}, alias="extra")
    """Further settings by their names, such as those of a newer Go, which ignores a setting that it
    does not know."""

    @model_validator(mode="after")
    def _no_typed_setting_in_extra(self) -> Env:
        typed = [str(field.alias) for field in type(self).model_fields.values()]
        refuse_typed(self.extra, typed)
        return self

    def keys(self, home: str) -> dict[str, str]:
        """Return the settings that are given, with the home in the place of `~`."""
        given = self.model_dump(exclude_none=True, exclude={"extra"}) | self.extra
        values = {key: _value(value) for key, value in given.items()}
        return {
            key: at_home(home, value) if key in FOLDERS else value for key, value in values.items()
        }


def _value(value: str | bool) -> str:  # noqa: FBT001 - a value of YAML
    return value if isinstance(value, str) else str(int(value))


def at_home(home: str, path: str) -> str:
    """Return a path with the home in the place of its `~`."""
    return home + path.removeprefix("~") if path.startswith("~") else path


class Linter(Settings):
    """golangci-lint, from its release archive: its authors advise against `go install`."""

    version: Release
    """The version of the release."""
    mirror: BaseUrl = "https://github.com/golangci/golangci-lint/releases/download"
    """The base address of the releases, each in a folder with its list of checksums."""
    sha256: Sha256 | None = None
    """The checksum of the archive for the machine's architecture; by default the one in that
    list."""


class Limits(Settings):
    """Limits of a service that is written in Go."""

    memory_max: Size | None = None
    """The most memory that systemd gives the service. Go does not read this limit by itself, so
    GOMEMLIMIT is set to nine tenths of it."""
    gomemlimit: Annotated[str, spelled(r"^[1-9][0-9]*([KMGT]iB|B)$", "like `900MiB`")] | None = None
    """GOMEMLIMIT, the soft limit of Go's own memory, instead of nine tenths of `memory_max`."""
    cpu_quota: Annotated[str, spelled(r"^[1-9][0-9]*%$", "like `150%`")] | None = None
    """How much processor time the service gets. Go 1.25 and later adapts GOMAXPROCS to it."""
    gomaxprocs: int | None = Field(default=None, ge=1)
    """GOMAXPROCS: how many threads run Go code at a time. Go 1.25 then no longer adapts it."""

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the service."""
        found = {}
        if self.gomemlimit:
            found["GOMEMLIMIT"] = self.gomemlimit
        elif self.memory_max:
            found["GOMEMLIMIT"] = f"{_bytes(self.memory_max) * 9 // 10}B"
        return found | ({"GOMAXPROCS": str(self.gomaxprocs)} if self.gomaxprocs else {})

    def properties(self) -> dict[str, str]:
        """Return the properties of the unit, as `systemctl show` prints them."""
        found = {}
        if self.memory_max:
            found["MemoryMax"] = str(_bytes(self.memory_max))
        if self.cpu_quota:
            found["CPUQuotaPerSecUSec"] = _span(int(self.cpu_quota[:-1]))
        return found

    def drop_in(self) -> str:
        """Return the text of the unit's drop-in."""
        quotas = {"MemoryMax": self.memory_max, "CPUQuota": self.cpu_quota}
        lines = [f"{key}={value}\n" for key, value in quotas.items() if value]
        lines += [f"Environment={name}={value}\n" for name, value in self.variables().items()]
        return f"{HEADER}[Service]\n{''.join(lines)}"


def _bytes(size: str) -> int:
    """Return a size of systemd's, like `512M`, in bytes (systemd.resource-control(5))."""
    return int(size[:-1]) << {"K": 10, "M": 20, "G": 30, "T": 40}[size[-1]]


def _span(quota: int) -> str:
    """Return the processor time in each second, for a quota in percent, as systemd prints it.

    systemd prints microseconds as a fraction below a minute, and leaves out units that are zero
    (format_timespan() in src/basic/time-util.c of systemd).
    """
    minutes, rest = divmod(quota, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds, hundredths = divmod(rest, 100)
    parts = [f"{hours}h"] * bool(hours) + [f"{minutes}min"] * bool(minutes)
    if seconds:
        parts.append(f"{seconds}.{hundredths:02}0000s" if hundredths else f"{seconds}s")
    elif hundredths:
        parts.append(f"{hundredths * 10}ms")
    return " ".join(parts)


def compiler_for(target: str, machine: Machine) -> tuple[str, tuple[str, ...], str]:
    """Return the C compiler for a target, its packages, and the target's number in ELF headers."""
    compiler, packages, number = COMPILERS[target]
    if target == ARCHITECTURES.get(machine.architecture, "").replace("armv6l", "arm"):
        return "gcc", ("gcc", "libc6-dev"), number
    return compiler, packages, number
