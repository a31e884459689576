r"""The Windows side of a WSL machine: .wslconfig, links, a terminal profile, and a script."""

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

    In %UserProfile%\.wslconfig only the keys given here are written; WSL reads it when its virtual
    machine starts: changes take effect after `wsl --shutdown`, which ends all distributions. Links
    are symbolic links of Windows (mklink); they take Developer Mode, and what is in their place
    and no link is never replaced. Such a link leads nowhere when it is followed from inside
    Linux: there, use the Linux path.

    What takes an administrator is never done by envwright: `script` writes it into one PowerShell
    script, %LocalAppData%\envwright\NAME.ps1, for a person to read and to run, once more after
    each change; `verify` looks for its effects where others than administrators can see them.
    """

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
    """Links of Windows, by their paths."""
    terminal: Terminal | None = None
    """A profile of Windows Terminal that opens this distribution."""
    script: Script | None = None
    """What takes an administrator, as a PowerShell script to be read and run by a person; `{}`
    for one that makes the links alone."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield from self.wslconfig.resources()
        if self.terminal:
            yield self.terminal.resource(machine)
        script = self.script and self.script.resource(machine, self.links)
        if script:
            yield script
        # The script may leave links out.
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
                "nobody says what this distribution is called in Windows, which `windows` names",
                "set WSL_DISTRO_NAME when you start envwright",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from self.wslconfig.proofs()
        if self.terminal or self.script:
            # wsl.exe prints UTF-16 or UTF-8, as it is told by the environment.
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
