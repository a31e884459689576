"""A machine to give bad input to: what is said, with its names made constant, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from command import Said, envwright
from snapshot import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine


def forget(machine: Machine) -> None:
    """Have a machine that tests share know of no environment that was applied before."""
    machine.sh("rm -rf /var/lib/envwright")


@dataclass(frozen=True)
class Box:
    """A machine, and a folder in which `box.yaml` is the environment that is tried."""

    machine: Machine
    folder: Path

    def __post_init__(self) -> None:
        forget(self.machine)

    def write(self, environment: str) -> None:
        """Write box.yaml; its name is said already, in line 1."""
        (self.folder / "box.yaml").write_text(f"name: box\n{environment}", "utf-8")

    def run(self, verb: str, *options: str, stdin: str = "", **settings: str) -> Said:
        """Run a verb on the machine; it is called HOST in what is said."""
        words = (verb, "box.yaml", "--host", self.machine.host, *options)
        said = envwright(*words, stdin=stdin, cwd=self.folder, **settings)
        name = self.machine.host
        return Said(said.code, said.out.replace(name, "HOST"), said.err.replace(name, "HOST"))

    def run_here(self, verb: str, *options: str) -> Said:
        """Run a verb that asks no machine."""
        return envwright(verb, "box.yaml", *options, cwd=self.folder)

    def refuses(self, environment: str, verb: str = "apply", **settings: str) -> str:
        """Try an environment that fails and leaves the machine as it was; return the error."""
        self.write(environment)
        before = snapshot(self.machine)
        said = self.run(verb, *(["--yes"] if verb == "apply" else []), **settings)
        assert said.code == 1, said
        assert sorted(snapshot(self.machine) ^ before) == []
        return said.err
