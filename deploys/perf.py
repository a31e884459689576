"""The capability `perf`: the kernel's profiler, whatever kernel runs, and what it may look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from envwright.model.capability import Capability, render
from envwright.model.proof import Proof
from envwright.resources.file import File
from envwright.resources.kernel_settings import KernelSettings
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Access = Literal["own", "kernel", "all", "keep"]
PARANOID, POINTERS = "kernel.perf_event_paranoid", "kernel.kptr_restrict"
SETTINGS: dict[Access, dict[str, int | str]] = {
    "own": {PARANOID: 2},
    "kernel": {PARANOID: 1, POINTERS: 0},
    "all": {PARANOID: -1, POINTERS: 0},
    "keep": {},
}
"""The kernel settings (Documentation/admin-guide/sysctl/kernel.rst). Debian and Ubuntu know larger
values of the first, by which a person may not look at the own programs either, and have these."""
WRAPPER = "/usr/local/bin/perf"


class Section(Capability):
    """perf, for the kernel that runs, and the right to use it without root.

    Debian's perf works with every kernel. Ubuntu's `perf` starts nothing but the program of the
    very kernel that runs, and there is none for that of WSL: there /usr/local/bin/perf starts
    the program of the running kernel, or else the newest of `linux-tools-generic`. Old and new perf
    and kernels work together, less what one of them lacks. `verify` has each person profile a
    program, and looks for its functions. Flame graphs are made by `inferno`
    (`rust: {tools: [inferno@0.12.8]}`): `perf script | inferno-collapse-perf |
    inferno-flamegraph >flame.svg`.
    """

    uncaptured: ClassVar[str] = "perf is captured as `packages`, its kernel settings as `sysctl`."
    example: ClassVar[str] = "perf:\n  access: kernel\n"

    access: Access = "own"
    """What persons may look at: their own programs (`own`), these and the kernel below them, with
    the names of its functions (`kernel`), or all processors and tracepoints (`all`). `keep` leaves
    the kernel's settings as they are, as a container must."""

    @property
    def _kernel(self) -> KernelSettings:
        values = SETTINGS[self.access]
        return KernelSettings(
            "60-envwright-perf",
            values,
            dict.fromkeys(values, ("access",)),
            called="the kernel settings for perf",
        )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if machine.distro == "ubuntu":
            yield Package(package="linux-tools-generic")
            yield File(path=WRAPPER, content=render("perf.start.sh"), mode="0755")
        else:
            yield Package(package="linux-perf")
        yield from self._kernel.resources()

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from self._kernel.proofs()
        yield Proof(
            "each person profiles a program by perf",
            render(
                "perf.profile.sh",
                functions=FUNCTIONS,
                record=render("perf.record.sh"),
            ),
            at=("access",),
        )
