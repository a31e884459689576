"""The files that login shells read at their start, each in the shell's own language.

bash, dash and ksh read /etc/profile, which reads /etc/profile.d. fish reads /etc/fish/conf.d
(fish(1), "Configuration files"). zsh of Debian and Ubuntu reads neither, but /etc/zsh/zprofile, a
conffile of the package: a file there before the package comes would make dpkg ask about it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.model import shells, systemd
from envwright.model.capability import HEADER
from envwright.model.proof import Assertion
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.model.resource import Resource

ZPROFILE = "/etc/zsh/zprofile"


def profile(name: str) -> str:
    """Return the path of the file that sh, bash and, by its own file, zsh read."""
    return f"/etc/profile.d/{name}.sh"


def ids(name: str) -> tuple[str, ...]:
    """Return the ids of what `startup_files` yields."""
    return tuple(resource.id for resource in startup_files(name, "", ""))


def startup_files(name: str, posix: str, fish: str) -> Iterator[Resource]:
    """Yield what gives every login shell some settings.

    Args:
        name: of the files, without their ends.
        posix: the settings in the language of sh; bash and zsh run them, too.
        fish: the settings in the language of fish.
    """
    yield File(path=profile(name), content=f"{HEADER}{posix}")
    # fish reads the file in each script, too: a value that a caller gave must count there.
    only = f"{HEADER}if status is-login\n{fish}end\n"
    yield File(path=f"/etc/fish/conf.d/{name}.fish", content=only)
    yield _zsh_reads(profile(name))


def first_in_path(name: str, folders: Sequence[str]) -> Iterator[Resource]:
    """Yield what puts folders first in PATH, for every login shell and for services of persons.

    Args:
        name: of the files, without their ends.
        folders: the last one comes first in PATH; a `~` at the beginning is each person's home.
    """
    words = (_at_home(folder, shells.word) for folder in folders)
    case = 'case ":$PATH:" in *":$folder:"*) ;; *) PATH=$folder:$PATH ;; esac'
    posix = f"for folder in {' '.join(words)}; do\n    {case}\ndone\nunset folder\n"
    words = (_at_home(folder, shells.fish_word) for folder in folders)
    test = "contains -- $folder $PATH; or set -gx PATH $folder $PATH"
    fish = f"    for folder in {' '.join(words)}\n        {test}\n    end\n"
    yield from startup_files(name, posix, fish)
    parts = [
        "${HOME}" * folder.startswith("~") + systemd.unexpanded(folder.removeprefix("~"))
        for folder in reversed(folders)
    ]
    path = ":".join([*parts, "${PATH:-/usr/local/bin:/usr/bin:/bin}"])
    yield File(path=f"/etc/environment.d/{name}.conf", content=f'{HEADER}PATH="{path}"\n')


def _at_home(folder: str, word: Callable[[str], str]) -> str:
    """Return a folder as a word of a shell, which puts the home in the place of its `~`."""
    return f'"$HOME"{word(folder[1:])}' if folder.startswith("~") else word(folder)


def _zsh_reads(path: str) -> Command:
    """Return the command that has zsh read a file as sh reads it; nothing to do without zsh."""
    line = f"emulate sh -c '[ ! -r {path} ] || . {path}'"
    quoted = shlex.quote(line)
    there = f"[ ! -d /etc/zsh ] || grep -qsxF -- {quoted} {ZPROFILE}"
    ended = f'[ -z "$(tail -c 1 {ZPROFILE} 2>/dev/null)" ] || echo >>{ZPROFILE}'
    # zsh names each file that it reads (zshoptions(1), SOURCE_TRACE).
    traced = "env -i HOME=/nonexistent /bin/zsh -l -o SOURCE_TRACE -c : 2>&1"
    return Command(
        title=f"zsh reads {path}",
        observe=f"if {there}; then echo read; else echo 'not read'; fi",
        expected="read",
        run=f"{there} || {{ {ended}; printf '%s\\n' {quoted} >>{ZPROFILE}; }}",
        seen=(Assertion("run", (f"[ ! -x /bin/zsh ] || {traced} | grep -qF {path}",), "rc", 0),),
        edits=(ZPROFILE,),
        # The package brings the file. A plan that installs zsh has the line to add.
        undone_by=("package:zsh",),
    )
