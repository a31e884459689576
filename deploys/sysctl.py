"""The capability `sysctl`: kernel settings, live and after the next boot."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model.capability import TableCapability
from envwright.model.proof import Assertion, Proof
from envwright.model.values import spelled
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Name = Annotated[
    str,
    spelled(
        r"^[a-z0-9_-]+(\.[A-Za-z0-9_-]+)+$", "a setting's name with dots, like `vm.max_map_count`"
    ),
]
Text = Annotated[
    str,
    spelled(r"^[^\n\r\x00;#⟦⟧]+$", "text on one line, and no secret, since everybody reads it"),
]
PATH = "/etc/sysctl.d/60-envwright.conf"


class Section(TableCapability):
    """Kernel settings by name.

    A setting is written to /etc/sysctl.d (sysctl.d(5)) for the next boot, and set at once. Under
    WSL a setting holds for every distribution, since all distributions share one kernel.
    """

    example: ClassVar[str] = """\
sysctl:
  fs.inotify.max_user_watches: 524288
  vm.max_map_count: 262144
"""

    root: dict[Name, int | Text]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if not self.root:
            return
        lines = [f"{name} = {value}\n" for name, value in self.root.items()]
        yield File(path=PATH, content="".join(lines))
        for name, value in self.root.items():
            yield _live(name, str(value))

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, value in self.root.items():
            pattern = name.replace(".", "[./]")
            read = f"sed -n 's/^-\\{{0,1\\}}{pattern} *= *//p'"
            yield Proof(
                f"{name} is {value} after the next boot, too",
                # systemd reads all files in order: the last assignment wins.
                "reader=/usr/lib/systemd/systemd-sysctl\n"
                "[ -x $reader ] || { echo 'systemd is not installed'; exit 77; }\n"
                f"got=$($reader --cat-config | {read} | tail -n 1)"
                f'\necho "$got"; [ "$got" = {shlex.quote(str(value))} ]',
                at=(name,),
            )


def _live(name: str, value: str) -> Command:
    path = "/proc/sys/" + name.replace(".", "/")
    # The kernel separates the numbers of a list by tabs.
    shown = "\t".join(value.split())
    return Command(
        title=f"sysctl {name}",
        observe=f"cat {path}",
        expected=shown,
        run=f"printf '%s\\n' {shlex.quote(value)} > {path}",
        seen=(Assertion("file", (path,), "content_string", f"{shown}\n"),),
        after=(f"file:{PATH}",),
        at=(name,),
    )
