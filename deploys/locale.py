"""The capability `locale`: the languages that programs speak, and the one that logins get."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.facts import Output, Shell
from envwright.model.capability import Capability, render
from envwright.model.capture import Captured, Item
from envwright.model.proof import Assertion, Proof, Requirement, View
from envwright.model.values import Adding, spelled
from envwright.resources.command import Command
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.resource import Resource

DEFAULT = "/etc/default/locale"
"""What pam_env gives to each login; in Debian 13 a link to /etc/locale.conf."""
BUILT_IN = "C.UTF-8"
"""The locale that the C library brings."""
MADE = Shell("locale -a | grep '\\.utf8$'")
LANG = Shell(f"sed -n 's/^LANG=//p' {DEFAULT} 2>/dev/null | tr -d '\"' | tail -n 1")
"""The value of LANG in the file."""
Locale = Annotated[
    str,
    spelled(
        r"^([a-z]{2,3}_[A-Z]{2}|C)\.UTF-8$", "a locale of UTF-8, like `en_US.UTF-8` or `C.UTF-8`"
    ),
]


class Section(Capability):
    """Locales: those that are generated, and the one that logins get (LANG).

    Other locales of /etc/locale.gen stay, and so do other lines of /etc/default/locale.
    """

    example: ClassVar[str] = """\
locale:
  default: en_US.UTF-8
  also: [de_DE.UTF-8]
"""

    default: Locale
    """The locale that logins get: the value of LANG."""
    also: Adding[Locale] = []
    """Further locales that programs can use."""

    @property
    def _made(self) -> list[str]:
        every = dict.fromkeys((self.default, *self.also))
        return [name for name in every if name != BUILT_IN]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        yield Package(package="locales")
        if self._made:
            yield _generated(self._made)
        yield Command(
            title="locale LANG",
            observe=LANG.text,
            expected=self.default,
            run=f"update-locale LANG={self.default}",
            seen=(
                Assertion("file", (DEFAULT,), "content_string", self.default, View("env", "LANG")),
            ),
            after=("package:locales", "command:locales"),
            at=("default",),
        )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        for name in self._made:
            source = f"/usr/share/i18n/locales/{name.partition('.')[0]}"
            yield Requirement(
                f"the locale {name} can be made",
                f"[ ! -d {source.rpartition('/')[0]} ] || [ -f {source} ]",
                f"this machine cannot make the locale {name}",
                "name one that /usr/share/i18n/SUPPORTED has",
                at=("default",) if name == self.default else ("also", self.also.index(name)),
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield Proof(
            f"the login shell of each person speaks {self.default}",
            render(
                "locale.login.sh",
                functions=FUNCTIONS,
                command=command("printenv LANG LC_ALL"),
                lang=self.default,
            ),
            at=("default",),
            remedy="remove the line that sets LANG or LC_ALL from a startup file of the person, or "
            "from the environment",
        )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for the locale of logins and for further ones."""
        facts = yield (LANG, MADE)
        lang, made = (
            answer.text.splitlines() if isinstance(answer, Output) else []
            for answer in (facts[LANG], facts[MADE])
        )
        names = [name.replace("utf8", "UTF-8") for name in made]
        also = [Item(("also",), name, listed=True) for name in names if name not in lang]
        return Captured((Item(("default",), lang[0], DEFAULT), *also) if lang else ())


def _generated(names: list[str]) -> Command:
    """Return the command that makes locales; `locale -a` writes UTF-8 in its own way."""
    shown = sorted(name.replace("UTF-8", "utf8") for name in names)
    words = " ".join(f"-e {shlex.quote(name)}" for name in shown)
    lines = " ".join(shlex.quote(f"{name} UTF-8") for name in names)
    return Command(
        title="locales",
        observe=f"locale -a 2>/dev/null | grep -xF {words} | LC_ALL=C sort",
        expected="\n".join(shown),
        run=render("locale.made.sh", lines=lines),
        seen=tuple(
            Assertion("run", (f"LC_ALL={name} locale charmap 2>&1",), "stdout", "UTF-8\n")
            for name in names
        ),
        after=("package:locales",),
    )
