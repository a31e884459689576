"""SearchPath: folders of programs in PATH, for login shells and for users' services.

A login shell runs the code that `startup_files` places, which takes PATH as it finds it: a folder
that is in the right place already stays there (a shell below an activated virtual environment keeps
that first), one in the wrong place is moved, and none is there twice. Managers of users' services
read environment.d(5). System services name their programs by whole paths (systemd.service(5)), and
have none of these folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.model import shells, systemd
from envwright.model.capability import HEADER, render
from envwright.model.proof import Proof
from envwright.resources.file import File
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.startup_files import profile, startup_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.model.resource import Resource

_SYSTEM = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class SearchPath:
    """Folders of programs that a section adds to PATH; `~` at the beginning is each one's home.

    Args:
        file: the name of the files, without folder and end. Of two files the one whose name sorts
            later puts its folders before those of the other.
        first: the folders before those of the system, in this order.
        last: the folders behind all others.
    """

    file: str
    first: Sequence[str] = ()
    last: Sequence[str] = ()

    @property
    def users(self) -> str:
        """The file that the managers of users' services read.

        Its name sorts behind 99-environment.conf, by which they read /etc/environment: Ubuntu's
        installer sets PATH there.
        """
        return f"/etc/environment.d/99-path-{self.file}.conf"

    def resources(self) -> Iterator[Resource]:
        """Yield the files."""
        folders = {"first": self.first[::-1], "last": self.last}
        posix = {name: _words(given, shells.word) for name, given in folders.items()}
        fish = {name: _words(given, shells.fish_word) for name, given in folders.items()}
        yield from startup_files(
            self.file,
            render("search_path.profile", **posix),
            render("search_path.fish", **fish),
        )
        first, last = (map(systemd.at_home, given) for given in (self.first, self.last))
        value = ":".join([*first, f"${{PATH:-{_SYSTEM}}}", *last])
        yield File(path=self.users, content=f'{HEADER}PATH="{value}"\n')

    def proofs(self) -> Iterator[Proof]:
        """Yield the proofs that persons and their services have the folders, in the right place."""
        values = {
            "functions": FUNCTIONS,
            "first": _words(self.first, shells.word),
            "last": _words(self.last, shells.word),
            "command": command("printenv PATH"),
        }
        yield Proof(
            "the login shell of each person finds the programs of these folders",
            render("search_path.login.sh", **values),
            remedy="remove the line that sets PATH anew; where Windows's folders come first, "
            "`prepend` the folder, or keep them out of PATH (`wsl: {interop: "
            "{append_windows_path: false}}`)",
        )
        yield Proof(
            "each installed shell puts these folders into PATH at a login",
            render("search_path.shells.sh", **values),
            remedy="remove the line that sets PATH anew from the shell's files in /etc",
        )
        yield Proof(
            "the services of each person find the programs of these folders",
            render("search_path.services.sh", **values),
            remedy="remove the line that sets PATH anew",
        )
        yield Proof(
            "no file of the system sets PATH anew",
            render(
                "variables.later.sh",
                names=["PATH"],
                variables={},
                profile=profile(self.file),
                users=self.users,
            ),
            quick=True,
            remedy="remove the line, or have it keep $PATH",
        )


def _words(folders: Sequence[str], word: Callable[[str], str]) -> str:
    return " ".join(shells.at_home(folder, word) for folder in folders)
