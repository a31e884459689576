"""What the section `go` is made of: its kinds of values, its tables, and what they come to."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field

from envwright.model.capability import HEADER, Settings
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
    goproxy: OneLine | None = None
    """Module proxies: behind `,` the next is asked on 404 and 410, behind `|` on any error."""
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
    """How the go command finds logins: `netrc`, `git DIR`, a command."""
    goflags: OneLine | None = None
    """Flags of every go command: `-modcacherw`."""
    goexperiment: OneLine | None = None
    """Experiments of the toolchain."""
    godebug: OneLine | None = None
    """Compatibility switches of built programs while they run under the go command."""
    goos: OneLine | None = None
    """The operating system to build for."""
    goarch: OneLine | None = None
    """The architecture to build for."""
    goamd64: OneLine | None = None
    """The oldest amd64 to build for: `v1` to `v4`."""
    cgo_enabled: bool | None = None
    """Build with C, for which a compiler is needed."""
    cc: OneLine | None = None
    """The C compiler."""
    cxx: OneLine | None = None
    """The C++ compiler."""
    gowork: OneLine | None = Field(default=None, pattern="^off$")
    """`off`: no workspaces."""

    def keys(self, home: str) -> dict[str, str]:
        """Return the settings that are given, `~` put out."""
        values = {key: _value(value) for key, value in self.model_dump(exclude_none=True).items()}
        return {
            key: at_home(home, value) if key in FOLDERS else value for key, value in values.items()
        }


def _value(value: str | bool) -> str:  # noqa: FBT001 - a value of YAML
    return value if isinstance(value, str) else str(int(value))


def at_home(home: str, path: str) -> str:
    """Return a path with a home for its `~`."""
    return home + path.removeprefix("~") if path.startswith("~") else path


class Linter(Settings):
    """golangci-lint, by the archive of its release: its authors advise against `go install`."""

    version: Release
    """The release."""
    mirror: BaseUrl = "https://github.com/golangci/golangci-lint/releases/download"
    """Where releases lie, each in a folder with its list of checksums."""
    sha256: Sha256 | None = None
    """Of the archive for this machine's architecture; by default as that list says."""


class Limits(Settings):
    """What a service written in Go may take."""

    memory_max: Size | None = None
    """The most memory that systemd lets it have. Go does not look at that limit by itself: it is
    also told to stay below nine tenths of it (GOMEMLIMIT)."""
    gomemlimit: Annotated[str, spelled(r"^[1-9][0-9]*([KMGT]iB|B)$", "like `900MiB`")] | None = None
    """The soft limit of Go's own memory, where nine tenths are not right."""
    cpu_quota: Annotated[str, spelled(r"^[1-9][0-9]*%$", "like `150%`")] | None = None
    """How much of processors it gets; since 1.25 Go fits GOMAXPROCS to it by itself."""
    gomaxprocs: int | None = Field(default=None, ge=1)
    """How many threads run Go code at a time; turns off what Go 1.25 does by itself."""

    def variables(self) -> dict[str, str]:
        """Return what its process is told."""
        found = {}
        if self.gomemlimit:
            found["GOMEMLIMIT"] = self.gomemlimit
        elif self.memory_max:
            found["GOMEMLIMIT"] = f"{_bytes(self.memory_max) * 9 // 10}B"
        return found | ({"GOMAXPROCS": str(self.gomaxprocs)} if self.gomaxprocs else {})

    def properties(self) -> dict[str, str]:
        """Return what `systemctl show` says of its unit."""
        found = {}
        if self.memory_max:
            found["MemoryMax"] = str(_bytes(self.memory_max))
        if self.cpu_quota:
            found["CPUQuotaPerSecUSec"] = _span(int(self.cpu_quota[:-1]))
        return found

    def drop_in(self) -> str:
        """Return the drop-in of its unit."""
        quotas = {"MemoryMax": self.memory_max, "CPUQuota": self.cpu_quota}
        lines = [f"{key}={value}\n" for key, value in quotas.items() if value]
        lines += [f"Environment={name}={value}\n" for name, value in self.variables().items()]
        return f"{HEADER}[Service]\n{''.join(lines)}"


def _bytes(size: str) -> int:
    """Return a size of systemd's, like `512M`, in bytes (systemd.resource-control(5))."""
    return int(size[:-1]) << {"K": 10, "M": 20, "G": 30, "T": 40}[size[-1]]


def _span(quota: int) -> str:
    """Return the processor's time in each second, for a quota in percent, as systemd prints it.

    It prints microseconds as a fraction below a minute, and no unit that is nought
    (format_timespan() in src/basic/time-util.c of systemd).
    """
    minutes, rest = divmod(quota, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds, hundredths = divmod(rest, 100)
    words = [f"{hours}h"] * bool(hours) + [f"{minutes}min"] * bool(minutes)
    if seconds:
        words.append(f"{seconds}.{hundredths:02}0000s" if hundredths else f"{seconds}s")
    elif hundredths:
        words.append(f"{hundredths * 10}ms")
    return " ".join(words)


def compiler_for(target: str, machine: Machine) -> tuple[str, tuple[str, ...], str]:
    """Return the C compiler for a target, its packages, and the target's number in ELF headers."""
    compiler, packages, number = COMPILERS[target]
    if target == ARCHITECTURES.get(machine.architecture, "").replace("armv6l", "arm"):
        return "gcc", ("gcc", "libc6-dev"), number
    return compiler, packages, number
