"""The capability `sysctl`: kernel settings, live and after the next boot."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.facts import Text as FileText
from envwright.model.capability import TableCapability, render
from envwright.model.capture import Captured, Item
from envwright.model.proof import Assertion, Proof
from envwright.model.values import spelled
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
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
OBSERVE = """\
[ -e {path} ] || exit 1
got=$(cat {path}) || {{ echo {path} can be written, but not read; exit 77; }}
[ "$got" = {shown} ] || [ -w {path} ] || {{ echo {path} is read-only on this machine; exit 77; }}
printf '%s\\n' "$got"
"""
"""Prints the live value; ends with 77 where it differs and cannot be set, as in a container."""


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
        yield File(path=PATH, content="".join(f"{line}\n" for line in self._lines()))
        for name, value in self.root.items():
            yield _live(name, str(value))

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield Proof(
                "the kernel settings hold after the next boot, too",
                render("sysctl.boot.sh", wanted=shlex.quote("\n".join(self._lines()))),
                quick=True,
                remedy="remove the setting from the file that is named, or from the environment",
            )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for the settings of an environment; files of others are captured as files."""
        facts = yield (FileText(PATH),)
        text = facts[FileText(PATH)]
        lines = text.splitlines() if isinstance(text, str) else []
        pairs = (line.partition(" = ") for line in lines)
        return Captured(
            tuple(
                Item((name,), int(value) if value.isdecimal() else value, PATH)
                for name, _, value in pairs
            )
        )

    def _lines(self) -> list[str]:
        return [f"{name} = {value}" for name, value in self.root.items()]


def _live(name: str, value: str) -> Command:
    path = "/proc/sys/" + name.replace(".", "/")
    # The kernel separates the numbers of a list by tabs.
    shown = "\t".join(value.split())
    return Command(
        title=f"sysctl {name}",
        observe=OBSERVE.format(path=path, shown=shlex.quote(shown)),
        expected=shown,
        run=f"printf '%s\\n' {shlex.quote(value)} > {path}",
        back=f'printf "%s\\n" "$1" > {path}',
        lacking=f"the kernel of this machine has no setting {name}: correct its name, or have the "
        "kernel module with the setting loaded at boot (modules-load.d(5)) and load it now",
        seen=(Assertion("file", (path,), "content_string", f"{shown}\n"),),
        after=(f"file:{PATH}",),
        at=(name,),
    )
