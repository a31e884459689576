"""The capability `sysctl`: kernel settings, live and after the next boot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.facts import Text as FileText
from envwright.model.capability import TableCapability
from envwright.model.capture import Captured, Item
from envwright.model.values import spelled
from envwright.resources.kernel_settings import FOLDER, KernelSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.proof import Proof
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
NAME = "60-envwright"
PATH = f"{FOLDER}/{NAME}.conf"


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
        yield from self._settings.resources()

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from self._settings.proofs()

    @property
    def _settings(self) -> KernelSettings:
        return KernelSettings(NAME, self.root, {name: (name,) for name in self.root})

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
