"""The capability `hostname`: the name of the machine, which the machine itself can resolve."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from envwright.model.capability import Capability
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.resource import Moment
from envwright.model.values import spelled
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.keys import WSL_CONF, Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

RUNNING = "/proc/sys/kernel/hostname"
HostName = Annotated[
    str,
    Field(max_length=64),
    spelled(
        r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
        "small letters, digits, `-` and single dots, at most 64, no `-` at an end",
    ),
]


class Section(Capability):
    """The name of the machine.

    A text is short for `name:`. The name stands in /etc/hostname and is set at once. A block of
    /etc/hosts resolves it to 127.0.1.1, as Debian's installer does, so that sudo and mail programs
    find it; every other line of that file stays. Under WSL the name is a key of /etc/wsl.conf, and
    holds from the next start of the distribution on: WSL writes /etc/hostname itself, and
    /etc/hosts unless `wsl: {network: {generate_hosts: false}}` ends that.
    """

    model_config = ConfigDict(json_schema_extra={"short": "name"})
    uncaptured: ClassVar[str] = "A new machine has a name of its own; say which in the environment."
    example: ClassVar[str] = """\
hostname:
  name: dev-box
"""

    name: HostName
    """The host name; with dots, the whole domain name, whose first part is an alias."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if machine.wsl:
            yield Keys(
                path=WSL_CONF,
                dialect="wsl",
                keys={"network.hostname": self.name},
                takes_effect=Moment.DISTRIBUTION,
                effect_check=self._is_set(),
            )
            return
        yield File(path="/etc/hostname", content=f"{self.name}\n")
        names = " ".join(dict.fromkeys([self.name, self.name.partition(".")[0]]))
        # Before the name changes: sudo asks for the address of the new name.
        yield Keys(
            path="/etc/hosts",
            dialect="block",
            keys={"# hostname": f"127.0.1.1\t{names}\n"},
            keep=("mode", "owner", "group"),
        )
        yield Command(
            title="hostname",
            observe=f"cat {RUNNING}",
            expected=self.name,
            run=f"printf '%s\\n' {shlex.quote(self.name)} >{RUNNING}",
            back=f"printf '%s\\n' \"$1\" >{RUNNING}",
            seen=(Assertion("run", ("uname -n",), "stdout", f"{self.name}\n"),),
            after=("file:/etc/hostname", "keys:/etc/hosts"),
        )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if not machine.wsl:
            yield Requirement(
                "the machine's name is its own",
                "! grep -q ' /etc/host[ns][a-z]* ' /proc/self/mounts",
                "the engine of this container gives it its name and mounts /etc/hostname and "
                "/etc/hosts",
                "name the container where it is made (`docker run --hostname`)",
                at=("name",),
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        where = "`wsl: {network: {generate_hosts: true}}`" if machine.wsl else "`hosts: files dns`"
        file = "/etc/wsl.conf" if machine.wsl else "/etc/nsswitch.conf"
        yield Proof(
            "the machine resolves its own name",
            f'{self._is_set()} || {{ echo "the machine\'s name is $(uname -n)"; exit 1; }}\n'
            f"getent hosts {shlex.quote(self.name)} >/dev/null || "
            f"{{ echo 'nothing resolves {self.name}'; exit 1; }}",
            at=("name",),
            quick=True,
            remedy=f"have {where} in {file}",
        )

    def _is_set(self) -> str:
        """Return a script that ends with 0 where the running machine has the name."""
        return f'[ "$(uname -n)" = {shlex.quote(self.name)} ]'
