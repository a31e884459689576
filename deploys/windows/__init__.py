r"""The capability `windows`: .wslconfig, links, a terminal profile, and a script for Windows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.interop import on_windows
from envwright.model.capability import Capability, Objection
from envwright.model.proof import Proof

from .links import LinkTo, link_proofs
from .script import Script  # noqa: TC001 - pydantic looks them up when classes are made
from .terminal import Terminal  # noqa: TC001 - pydantic looks them up when classes are made
from .values import DISTRIBUTION, LinkPath
from .wslconfig import WslConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource


class Section(Capability):
    r"""The Windows side of a WSL machine, reached from inside the distribution.

    Only the keys given here are written to %UserProfile%\.wslconfig. WSL reads the file when its
    virtual machine starts, so changes take effect after `wsl --shutdown`, which ends all
    distributions. Links are symbolic links of Windows (mklink) and need Developer Mode. A link
    never replaces a file or a directory. Linux cannot follow such a link to a Linux path: inside
    Linux, use the path itself.

    envwright never acts as an administrator of Windows. `script` writes the changes that only an
    administrator can make into one PowerShell script, %LocalAppData%\envwright\NAME.ps1. A person
    reads the script and runs it, again after each change. `verify` looks for those effects of the
    script that every user can see.
    """

    uncaptured: ClassVar[str] = "The files of Windows are not read."
    example: ClassVar[str] = r"""
windows:
  wslconfig:
    wsl2: {memory: 8GB, processors: 4, networkingMode: mirrored}
    experimental: {autoMemoryReclaim: dropCache}
  links:
    C:\codes\docker: {to: /opt/docker}
  terminal: {name: Work, startingDirectory: /opt/projects, colorScheme: One Half Dark}
  script:
    firewall: {web: {ports: [8080]}}
""".lstrip()

    wslconfig: WslConfig = WslConfig()
    """Keys of %UserProfile%\\.wslconfig."""
    links: dict[LinkPath, LinkTo] = {}
    """Links in Windows, by their Windows paths."""
    terminal: Terminal | None = None
    """A profile of Windows Terminal that opens this distribution."""
    script: Script | None = None
    """Changes that need an administrator, written into a PowerShell script for a person to read
    and run; `{}` writes a script that makes the links alone."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield from self.wslconfig.resources()
        if self.terminal:
            yield self.terminal.resource(machine)
        script = self.script and self.script.resource(machine, self.links)
        if script:
            yield script
        # The script may be told to leave links out.
        instead = script.name if script and self.script and self.script.links else ""
        for path, link in self.links.items():
            yield link.resource(path, machine, instead)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        named = any(link.to for link in self.links.values()) or self.terminal or self.script
        if not machine.wsl:
            yield Objection(
                "this environment has a Windows side, and this machine does not run under WSL",
                "put `windows` into an environment for WSL that extends this one",
            )
        elif named and not re.fullmatch(DISTRIBUTION, machine.distribution):
            yield Objection(
                "`windows` needs the name of this distribution in Windows, which is not known",
                "set WSL_DISTRO_NAME when you start envwright",
            )
        yield from self.wslconfig.objections(machine)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from self.wslconfig.proofs()
        if self.terminal or self.script:
            # wsl.exe prints UTF-16 or, with WSL_UTF8=1, UTF-8.
            yield Proof(
                f"Windows calls this distribution {machine.distribution}",
                on_windows(
                    "got=$(ew_run wsl.exe --list --quiet | tr -d '\\0'); echo \"$got\"\n"
                    'echo "$got" | grep -qxF -- "$name"',
                    name=machine.distribution,
                ),
            )
        yield from link_proofs(self.links, machine)
        if self.script:
            yield from self.script.proofs(machine)
