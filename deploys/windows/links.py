r"""Links of Windows, to directories and files of Linux and of Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import model_validator

from envwright.facts.interop import on_windows
from envwright.model.capability import Settings
from envwright.model.proof import Proof
from envwright.model.values import exactly_one
from envwright.resources.windows.link import WindowsLink

from .values import LinuxPath, WindowsPath, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine


ADVICE = "`script: {}` below `windows` has all such commands written into one script."


class LinkTo(Settings):
    """Where a link leads: `to` a Linux path of this distribution, or to a `target` in Windows."""

    to: LinuxPath | None = None
    """A Linux path; Windows reaches it by \\\\wsl.localhost."""
    target: WindowsPath | None = None
    """A Windows path."""
    file: bool = False
    """It is a file, not a directory."""
    absent: bool = False
    """There must be no such link."""

    @model_validator(mode="after")
    def _one(self) -> LinkTo:
        exactly_one(self, "to", "target", "absent")
        return self

    def leads_to(self, machine: Machine) -> str:
        """Return where it leads, in Windows' words; "" where there must be none."""
        return self.target or (share(machine, self.to) if self.to else "")

    def resource(self, path: str, machine: Machine, script: str = "") -> WindowsLink:
        """Wish for it; `script` is the file that makes it where Windows wants an administrator."""
        return WindowsLink(
            path=path,
            target=self.leads_to(machine),
            linux=self.to or "",
            directory=not self.file,
            present=not self.absent,
            script=script,
            advice="" if script else ADVICE,
            at=("links", path),
        )


def link_proofs(links: Mapping[str, LinkTo], machine: Machine) -> Iterator[Proof]:
    """Let Windows look for what the links lead to."""
    for path, link in links.items():
        if not link.absent:
            script = 'got=$(ew_cmd if exist "$target" echo there); echo "$got"; [ "$got" = there ]'
            yield Proof(
                f"Windows reaches what {path} leads to",
                on_windows(script, target=link.leads_to(machine)),
                at=("links", path),
            )
