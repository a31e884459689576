r"""Symbolic links in Windows, to directories and files of Linux and of Windows."""

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
    """The target of a link: `to` is a Linux path of this distribution, `target` a Windows path."""

    to: LinuxPath | None = None
    """A Linux path as the target; Windows reaches the path by \\\\wsl.localhost."""
    target: WindowsPath | None = None
    """A Windows path as the target."""
    file: bool = False
    """Whether the target is a file, not a directory."""
    absent: bool = False
    """Remove the link."""

    @model_validator(mode="after")
    def _one(self) -> LinkTo:
        exactly_one(self, "to", "target", "absent")
        return self

    def leads_to(self, machine: Machine) -> str:
        """Return the target as a Windows path; "" for a link that is to be absent."""
        return self.target or (share(machine, self.to) if self.to else "")

    def resource(self, path: str, machine: Machine, script: str = "") -> WindowsLink:
        """Return the resource of the link; `script` is the file that makes it as administrator."""
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
    """Yield the proofs that Windows finds the targets of the links."""
    for path, link in links.items():
        if not link.absent:
            script = 'got=$(ew_cmd if exist "$target" echo there); echo "$got"; [ "$got" = there ]'
            yield Proof(
                f"Windows reaches what {path} leads to",
                on_windows(script, target=link.leads_to(machine)),
                at=("links", path),
            )
