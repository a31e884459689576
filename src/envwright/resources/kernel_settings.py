"""Kernel settings that a section sets: live, and by a file of sysctl.d(5) after the next boot."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envwright.model.capability import render
from envwright.model.proof import Assertion, Proof
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.model.resource import Resource

FOLDER = "/etc/sysctl.d"


@dataclass(frozen=True)
class KernelSettings:
    """Kernel settings that a section sets.

    Args:
        file: the name of their file, without folder and end. Of two files that set one setting the
            one whose name sorts later wins.
        values: the settings; no secret, since everybody reads them.
        places: where the section asks for a setting, by its name; else at its beginning.
        implied: how a kernel acts that lacks a setting. The setting is optional then: its line
            begins with `-`, and the next boot does not fail for it.
        called: what a person calls the settings, for the name of the proof.
    """

    file: str
    values: Mapping[str, int | str]
    places: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)
    called: str = "the kernel settings"

    @property
    def path(self) -> str:
        """The file that systemd-sysctl reads at boot."""
        return f"{FOLDER}/{self.file}.conf"

    def resources(self) -> Iterator[Resource]:
        """Yield the file, and each live value."""
        if not self.values:
            return
        lines = (("-" if line.split()[0] in self.implied else "") + line for line in self._lines())
        yield File(path=self.path, content="".join(f"{line}\n" for line in lines))
        for name, value in self.values.items():
            yield self._live(name, str(value))

    def proofs(self) -> Iterator[Proof]:
        """Yield the proof that no other file wins at the next boot."""
        if self.values:
            wanted = shlex.quote("\n".join(self._lines()))
            yield Proof(
                f"{self.called} hold after the next boot, too",
                render("kernel_settings.boot.sh", wanted=wanted),
                quick=True,
                remedy="remove the setting from the file that is named, or from the environment",
            )

    def _lines(self) -> list[str]:
        return [f"{name} = {value}" for name, value in self.values.items()]

    def _live(self, name: str, value: str) -> Command:
        path = "/proc/sys/" + name.replace(".", "/")
        # The kernel separates the numbers of a list by tabs.
        shown = "\t".join(value.split())
        implied = self.implied.get(name, "")
        observe = render(
            "kernel_settings.live.sh",
            name=name,
            path=path,
            shown=shlex.quote(shown),
            implied=shlex.quote(implied) if implied else "",
        )
        read = Assertion("file", (path,), "content_string", f"{shown}\n")
        return Command(
            title=f"sysctl {name}",
            observe=observe,
            expected=shown,
            run=f"printf '%s\\n' {shlex.quote(value)} > {path}",
            back=f'printf "%s\\n" "$1" > {path}',
            lacking=f"the kernel of this machine has no setting {name}: correct its name, or have "
            "the kernel module with the setting loaded at boot (modules-load.d(5)) and load it now",
            # Where there may be no file, the script says what the kernel does.
            seen=(Assertion("run", (observe,), "stdout", f"{shown}\n") if implied else read,),
            after=(f"file:{self.path}",),
            at=self.places.get(name, ()),
        )
