r"""WindowsLink: a symbolic link at a Windows path, to a directory or file of Windows or Linux."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Unknown
from envwright.facts.interop import POWERSHELL, on_windows
from envwright.facts.windows import Entry, Windows, parent
from envwright.model.claim import Claim
from envwright.model.operations import operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import EXISTENCE, INTEROP, Resource
from envwright.model.way_back import WayBack
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Field, State

LINKS = frozenset({"directory link", "file link", "junction"})

# A link is `... <SYMLINKD>     NAME [TARGET]`, its kind in the user's language where it is a
# junction. No name has brackets in it.
_LINKS = r"""
ew_links() { ew_cmd_utf16 dir /AL "$folder" | sed -n "s/^[^<]*<$1> *//p"; }
ew_is() { ew_links "$1" | sed 's/ \[.*//' | grep -qixF -- "$2"; }
"""
# mklink's exit code and words are not believed: the link is there when `dir /AL` shows it.
_MAKE = load(__file__)
_REMOVE = r"""
ew_cmd "$old" "$link" >/dev/null
! ew_is '[^<>]*' "$name" ||
 { printf '%s\n' "Windows did not remove the link $link"; exit 1; }
"""
_QUERY = 'ew_run fsutil.exe reparsepoint query "$link"'


@dataclass(frozen=True, kw_only=True)
class WindowsLink(Resource):
    r"""A link at a Windows path.

    Args:
        path: the path of the link: `C:\codes\docker`. Missing directories above it are made.
        target: where the link leads, as Windows writes it: `\\wsl.localhost\Debian\opt\docker`.
        linux: the target as a Linux path, which must exist when the link is made; "" for a
            target on a drive of Windows.
        directory: the target is a directory, not a file.
        present: False: there must be no such link.
        script: the Windows path of the PowerShell script that makes the link where that takes an
            administrator; "" for none.
        advice: a line to add to that message.
    """

    path: str
    target: str = ""
    linux: str = ""
    directory: bool = True
    present: bool = True
    script: str = ""
    advice: str = ""

    word: ClassVar[str] = "windows-link"
    # After services: where Windows refuses links, all else is done.
    rank: ClassVar[int] = 95

    @property
    def name(self) -> str:
        """The Windows path."""
        return self.path

    @property
    def autorequires(self) -> Iterator[str]:
        """The target, where Linux has it."""
        if self.linux:
            yield from (f"directory:{self.linux}", f"file:{self.linux}", f"mount:{self.linux}")

    def label(self, field: Field) -> str:
        """Leave out the kind, which the id says."""
        return "" if field == "kind" else super().label(field)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PureWindowsPath(self.path), "a link", open=True),)

    def relies_on(self) -> Iterable[str]:
        return (INTEROP,)

    def questions(self) -> Iterable[Question[Any]]:
        return (Windows(path=self.path),)

    def desired(self) -> State | None:
        if not self.present:
            return None
        kind = "directory link" if self.directory else "file link"
        return {"kind": kind, "target": self.target}

    def actual(self, facts: Facts) -> State | Unknown | None:
        entry = facts[Windows(path=self.path)]
        if not isinstance(entry, Entry):
            return entry if isinstance(entry, Unknown) else None
        if entry.kind not in LINKS:
            return {"kind": entry.kind}
        # Windows does not tell capital letters from small ones; Linux does.
        same = not self.linux and entry.target.lower() == self.target.lower()
        return {"kind": entry.kind, "target": self.target if same else entry.target}

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if isinstance(unreadable := before.get(EXISTENCE), Unknown):
            return f"{self.path}: {unreadable.reason}"
        kind = before.get("kind", "")
        if not difference or not kind or kind in LINKS:
            return ""
        return f"{self.path} is a {kind} of its own, not a link: move it away first"

    def converge(self, difference: Difference) -> Iterator[Operation]:
        kind = (difference.before or {}).get("kind", "")
        folder = parent(self.path)
        yield operation(
            "server.shell",
            commands=[
                on_windows(
                    _LINKS + (_MAKE if self.present else _REMOVE),
                    link=self.path,
                    folder=folder,
                    name=self.path.rpartition("\\")[2],
                    target=self.target,
                    linux=self.linux,
                    kind="/D" if self.directory else "",
                    remove="rmdir" if self.directory else "del",
                    script=self.script,
                    advice=self.advice,
                    powershell=POWERSHELL,
                    old={"": "", "file link": "del"}.get(kind, "rmdir"),
                )
            ],
        )

    def way_back(self, before: State | None) -> WayBack:
        """A new link goes; an old one leads to its old target again."""
        if before is None:
            return WayBack(resources=(replace(self, present=False),))
        kind, target = before.get("kind"), before.get("target", "")
        if kind not in LINKS:
            return WayBack(stays=f"{self.path} was a {kind}: change it in Windows by hand")
        was = replace(self, target=target, directory=kind != "file link", linux="", present=True)
        return WayBack(resources=(was,))

    def witness(self) -> Iterator[Assertion]:
        # Another program than the plan's says it, in bytes that are the same in every language.
        script = on_windows(_QUERY, link=self.path)
        expected = self.target if self.present else None
        yield Assertion("run", (script,), "stdout", expected, view=View("reparse_point"))
