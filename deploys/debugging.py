"""The capability `debugging`: gdb's settings, core dumps, debuginfod, and who may trace whom."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from envwright.model.capability import HEADER, Capability, Settings, render
from envwright.model.proof import Proof
from envwright.model.values import Adding, Replacing, Url, spelled
from envwright.resources.file import File
from envwright.resources.kernel_settings import KernelSettings
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.package import Package
from envwright.resources.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

GDBINIT = "/etc/gdb/gdbinit.d/60-envwright.gdb"
"""gdb reads files here whose names end in `.gdb` before a person's ~/.gdbinit (Debian's gdb is
configured so: `show configuration`)."""
LIMITS = "/etc/security/limits.d/60-envwright-cores.conf"
APPORT = """\
systemctl --quiet is-enabled apport.service 2>/dev/null || exit 0
echo 'apport.service sets kernel.core_pattern at each boot'
exit 1
"""
"""Ubuntu's apport writes its own pattern behind systemd-sysctl."""
SCOPE, PATTERN = "kernel.yama.ptrace_scope", "kernel.core_pattern"
SCOPES = {"own": 0, "children": 1, "root": 2}
"""The values of kernel.yama.ptrace_scope (Documentation/admin-guide/LSM/Yama.rst). The kernel never
takes back 3, which lets nobody trace."""


def _trusted(path: str) -> str:
    if path in {"/", "~", "~/"}:
        raise ValueError(
            "would have gdb run scripts of every checkout and archive: name the folder of the "
            "projects, like `~/src/mine`"
        )
    if not re.fullmatch(r"(~/|/)[^:\s\"'\\⟦⟧]+", path) or {*path.split("/")[1:]} & {"", ".."}:
        raise ValueError(
            "must be a folder that begins with `/` or `~/`, without blanks, `:`, quotes, `..` and "
            "a `/` at its end"
        )
    return path


Trusted = Annotated[str, AfterValidator(_trusted)]
SettingName = Annotated[
    str, spelled(r"^[a-z]+([ -][a-z]+)*$", "a setting of gdb's `set`, like `print pretty`")
]
SettingText = Annotated[
    str, spelled(r"^[^\n\r\x00⟦⟧]*[^\n\r\x00⟦⟧\\]$", "text on one line without a secret")
]
Pattern = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9_./-]*(%[%pPiIugdshtef]|[A-Za-z0-9_.-])+$",
        "a file name as core(5) has it, like `/var/tmp/core.%e.%p`",
    ),
    # The kernel's CORENAME_MAX_SIZE, less the last byte.
    Field(max_length=127),
]


class Gdb(Settings):
    """What gdb does for everybody."""

    history: Annotated[int, Field(ge=1)] = 10000
    """How many commands gdb keeps in ~/.gdb_history. Without a section, gdb keeps none."""
    safe_path: Adding[Trusted] = []
    """Folders whose .gdbinit and scripts gdb runs by itself. Name what a person trusts: such a
    script runs any program. `~/` is each person's own home."""
    settings: dict[SettingName, bool | int | SettingText] = {}
    """More settings, as gdb's `set` takes them: `print pretty: true`. gdb checks them before they
    go live."""

    def lines(self) -> Iterator[str]:
        """Yield the commands of gdb."""
        yield "set history save on\nset history filename ~/.gdb_history\n"
        yield f"set history size {self.history}\n"
        for path in self.safe_path:
            yield f"add-auto-load-safe-path {path}\n"
        for name, value in self.settings.items():
            plain = ("off", "on")[value] if isinstance(value, bool) else value
            yield f"set {name} {plain}\n"


class Cores(Settings):
    """Core dumps of programs that crash."""

    pattern: Pattern | None = None
    """Where the kernel writes core dumps: `core` is the folder where the program runs. Left out, it
    is as on the machine: systemd-coredump (`packages: [systemd-coredump]`, then `coredumpctl gdb`),
    Ubuntu's apport, WSL's own folder on Windows, or `core`."""


class Section(Capability):
    """What debuggers need: gdb's settings, core dumps, symbols by network, the right to trace.

    gdb's settings are for everybody; a person's own ~/.gdbinit is read after them. Core dumps have
    no limit of size in sessions by PAM: logins, ssh, cron; sessions that Windows starts in WSL have
    the limit of WSL. A service has its own: `LimitCORE=`. In a container the pattern of core dumps
    is the host's. `verify` has gdb print a vector of C++ and open the core dump of a program that
    crashed in each person's own session.
    """

    uncaptured: ClassVar[str] = (
        "Files of gdb and of limits are captured as `files`, kernel settings as `sysctl`."
    )
    example: ClassVar[str] = """\
debugging:
  gdb: {safe_path: [~/src/mine], settings: {print pretty: true}}
  cores: {pattern: /var/tmp/core.%e.%p}
  debuginfod: [https://debuginfod.debian.net]
  ptrace: own
"""

    gdb: Gdb | None = None
    """gdb, and its settings for everybody: `{}` for those of envwright."""
    cores: Cores | None = None
    """Core dumps of any size: `{}` leaves them where the machine puts them."""
    debuginfod: Replacing[Url] = []
    """Servers from which gdb and others fetch debug symbols (debuginfod(8)), in this order: Debian
    has https://debuginfod.debian.net, Ubuntu https://debuginfod.ubuntu.com. gdb asks no more."""
    ptrace: Literal["own", "children", "root"] | None = None
    """Which programs a debugger may attach to: all of the same person (`own`), only those that the
    debugger started (`children`, the default of Ubuntu), or any for root alone (`root`). A kernel
    without yama, as that of WSL, knows `own` alone: plan refuses the others there."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        gdb = Package(package="gdb", at=("gdb",) if self.gdb else ("cores",))
        if self.gdb or self.cores:
            yield gdb
        if self.gdb:
            yield File(
                path=GDBINIT,
                content=f"{HEADER}{''.join(self._gdbinit(self.gdb))}",
                validate='gdb -nx -batch -x "$staged"',
                needs=(gdb.id,),
                at=("gdb",),
            )
        if self.cores:
            # `*` is everybody but root (limits.conf(5)).
            lines = "".join(f"{who} - core unlimited\n" for who in ("*", "root"))
            yield File(path=LIMITS, content=f"{HEADER}{lines}", at=("cores",))
        yield from self._kernel.resources()
        if self.debuginfod:
            yield from self._servers.resources()

    def _gdbinit(self, gdb: Gdb) -> Iterator[str]:
        if self.debuginfod:
            yield "set debuginfod enabled on\n"
        yield from gdb.lines()

    @property
    def _servers(self) -> Variables:
        return Variables(
            "61-envwright-debuginfod",
            {"DEBUGINFOD_URLS": " ".join(self.debuginfod)},
            "the variable that names the servers of debug symbols",
            {"DEBUGINFOD_URLS": ("debuginfod",)},
        )

    @property
    def _kernel(self) -> KernelSettings:
        values: dict[str, int | str] = {}
        if self.cores and self.cores.pattern:
            values[PATTERN] = self.cores.pattern
        if self.ptrace:
            values[SCOPE] = SCOPES[self.ptrace]
        return KernelSettings(
            "60-envwright-debugging",
            values,
            {PATTERN: ("cores", "pattern"), SCOPE: ("ptrace",)},
            {SCOPE: str(SCOPES["own"])},
            "the kernel settings for debuggers",
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from self._kernel.proofs()
        if self.gdb:
            names = re.findall(r"(?m)^set ([a-z -]+) ", "".join(self._gdbinit(self.gdb)))
            yield Proof(
                "gdb has the settings for everybody",
                render(
                    "debugging.settings.sh",
                    path=GDBINIT,
                    names=names,
                    trusted=self.gdb.safe_path,
                ),
                at=("gdb",),
            )
            yield Proof("gdb shows what is in a vector", render("debugging.vector.sh"), at=("gdb",))
        if self.cores:
            yield from self._of_cores(self.cores)
        if self.debuginfod:
            yield from self._servers.proofs()

    def _of_cores(self, cores: Cores) -> Iterator[Proof]:
        crash = shlex.quote(render("debugging.crash.sh"))
        yield Proof(
            "a program that crashes leaves a core dump, which gdb opens",
            render("debugging.cores.sh", functions=FUNCTIONS, crash=crash),
            at=("cores",),
            remedy="remove the line that sets another limit, in /etc/security/limits.d or in a "
            "startup file of the person",
        )
        if cores.pattern:
            yield Proof(
                "no service sets where core dumps go anew",
                APPORT,
                at=("cores", "pattern"),
                quick=True,
                remedy="`packages: {absent: [apport]}`, or leave out the pattern",
            )
