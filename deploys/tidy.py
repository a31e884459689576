"""The capability `tidy`: what setup scripts do at their end, as states that stay."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import model_validator

from envwright.model.capability import HEADER, Capability, Settings, render
from envwright.model.proof import Assertion, Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import Adding, OneLine, spelled
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

APT = "/etc/apt/apt.conf.d/90-envwright-tidy"
KEEP = (
    'APT::Keep-Downloaded-Packages "false";\nBinary::apt::APT::Keep-Downloaded-Packages "false";\n'
)
CACHED = 'set -- /var/cache/apt/archives/*.deb; [ ! -e "$1" ]'
PLACES = {
    "bash": "/usr/local/share/bash-completion/completions/{}",
    "zsh": "/usr/local/share/zsh/site-functions/_{}",
    "fish": "/etc/fish/completions/{}.fish",
}
"""Where each shell looks for the completion of a program, before the places of packages."""
Part = Annotated[
    str,
    spelled(r"^[0-9A-Za-z][0-9A-Za-z_-]*$", "the name of a file in /etc/update-motd.d"),
]
Program = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", "the name of a program"),
]


class Completions(Settings):
    """Commands that print a program's completions, by the shell that reads them."""

    bash: OneLine | None = None
    """The command that prints those of bash, such as `kubectl completion bash`. bash reads them if
    the package bash-completion is there."""
    zsh: OneLine | None = None
    """The command that prints those of zsh."""
    fish: OneLine | None = None
    """The command that prints those of fish."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"bash": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sense(self) -> Completions:
        commands = self.commands()
        if not commands:
            raise ValueError("needs a command for one of bash, zsh and fish")
        if any(map(is_mentioned, commands.values())):
            raise ValueError("has a secret in a command, where other users could see it")
        return self

    def commands(self) -> dict[str, str]:
        """Return the commands by their shells."""
        return {shell: command for shell, command in self if command}


class Section(Capability):
    """The end of a setup, described instead of done: what is cleaned stays clean."""

    uncaptured: ClassVar[str] = (
        "The end of a setup is said by a person: what is missing on a machine tells no wish."
    )
    example: ClassVar[str] = """\
tidy:
  apt_cache: false
  motd_without: [10-help-text, 50-motd-news]
  completions:
    kubectl: {bash: kubectl completion bash, zsh: kubectl completion zsh}
"""

    apt_cache: bool | None = None
    """Whether apt keeps the packages that it has downloaded. With false, apt and apt-get remove
    them after each installation, and those of earlier times go."""
    motd_without: Adding[Part] = []
    """Parts of the message at a login that are not shown, by their files in /etc/update-motd.d.
    What is not there need not be hidden."""
    completions: dict[Program, Completions] = {}
    """Completions that programs print, by the program; a text is short for `bash:`. Root makes
    them, and makes them anew when the program's file changes. The program may come by another
    section in the same run."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if self.apt_cache is not None:
            content = KEEP if not self.apt_cache else KEEP.replace("false", "true")
            yield File(path=APT, content=f"{HEADER.replace('#', '//')}{content}", at=("apt_cache",))
        if self.apt_cache is False:
            yield Command(
                title="apt cache",
                observe=f"if {CACHED}; then echo empty; else echo 'has packages'; fi",
                expected="empty",
                run="apt-get clean",
                seen=(Assertion("run", (CACHED,), "rc", 0),),
                at=("apt_cache",),
            )
        for index, part in enumerate(self.motd_without):
            yield _hidden(part, ("motd_without", index))
        for program, completions in self.completions.items():
            for shell, command in completions.commands().items():
                yield from _completion(program, shell, command)

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for program, completions in self.completions.items():
            if completions.bash:
                yield Proof(
                    f"bash completes {program}",
                    render("tidy.bash.sh", program=shlex.quote(program)),
                    at=("completions", program),
                    remedy="install the package bash-completion",
                )


def _hidden(part: str, at: tuple[str | int, ...]) -> Command:
    """Return the command that has a part of the message not shown; run-parts(8) runs programs."""
    path = f"/etc/update-motd.d/{part}"
    return Command(
        title=f"motd without {part}",
        observe=f"[ ! -x {path} ] && echo hidden || echo shown",
        expected="hidden",
        # dpkg keeps the mode of a conffile that is changed so.
        run=f"chmod a-x {path}",
        # An undo can be taken back itself.
        back=f'[ "$1" = hidden ] && chmod a-x {path} || chmod a+x {path}',
        seen=(
            Assertion("run", (f"run-parts --test /etc/update-motd.d | grep -qx {path}",), "rc", 1),
        ),
        at=at,
    )


def _completion(program: str, shell: str, command: str) -> Iterator[Resource]:
    """Yield the folder and the command that make a completion from what a program prints."""
    path = PLACES[shell].format(program)
    folder = path.rpartition("/")[0]
    at = ("completions", program)
    yield Directory(path=folder, mode="", at=at)
    values = {"program": program, "path": path, "command": shlex.quote(command)}
    state = render("tidy.completion.sh", act="look", **values)
    yield Command(
        title=f"completion {shell} {program}",
        observe=state,
        expected="current",
        run=render("tidy.completion.sh", act="make", **values),
        seen=(Assertion("run", (state,), "stdout", "current\n"),),
        edits=(path,),
        after=(f"directory:{folder}",),
        undone_by=(
            f"package:{program}",
            *(f"{word}:/usr/local/bin/{program}" for word in ("file", "link")),
        ),
        at=at,
    )
