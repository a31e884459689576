"""Before-images: what lay at paths before apply changed them, kept on the machine to be put back.

An image outlives the run that made it only where that run was cut off, or could not show yet that
what reads the file works with the new one.
"""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING

from envwright.errors import StepError
from envwright.facts import decode
from envwright.portable import safepath
from envwright.state import journal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from envwright.host.session import Session

# An image is root's alone, for its file may hold a secret. It has its name only when it is whole.
_PREPARE = """\
umask 077; mkdir -p {folder} && chmod 0700 {folder} && cd {folder} || exit 1
change() {{ {change} "$@"; }}
"""
_KEEP = """\
rm -rf {name} {name}.new && mkdir {name}.new && change save {path} "$PWD/{name}.new" &&
printf '%s\\0' {path} >{name}.new/path && mv {name}.new {name} || exit 1
"""
_LIST = "cat ./*[0-9a-f]/path 2>/dev/null || :\n"
_PUT_BACK = """\
if why=$(change restore {path} "$PWD/{name}" 2>&1); then rm -rf {name}
else printf '%s\\0%s\\0' {path} "$why"; fi
"""


class BeforeImages:
    """The before-images on one machine."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._prepare = _PREPARE.format(
            folder=shlex.quote(f"{journal.folder()}/{journal.BEFORE}"), change=safepath.change()
        )

    def keep(self, paths: Iterable[str]) -> frozenset[str]:
        """Keep what lies at the paths; return all paths with images, also those of a run before.

        Raises:
            StepError: something cannot be kept; nothing was changed.
        """
        return frozenset(self._run(_KEEP, paths, _LIST, doing="keeping files as they are"))

    def put_back(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Put the paths back as they were, and drop their images; return why for each that stays.

        Raises:
            StepError: the images cannot be read.
        """
        words = self._run(_PUT_BACK, paths, doing="putting files back")
        return dict(zip(words[::2], words[1::2], strict=True))

    def drop(self, paths: Collection[str]) -> None:
        """Drop the images of paths."""
        self._run("rm -rf {name}\n", paths, doing="dropping before-images")

    def _run(self, each: str, paths: Iterable[str], then: str = "", *, doing: str) -> list[str]:
        """Run a script for each path, and one behind them; return what they print, NUL-ended."""
        scripts = (each.format(name=_name(path), path=shlex.quote(path)) for path in paths)
        done = self._session.run(self._prepare + "".join(scripts) + then, doing=doing)
        if not done.ok:
            raise StepError(f"{self._session.name}: {doing} failed: {done.reason}")
        return decode(done.stdout).split("\0")[:-1]


def _name(path: str) -> str:
    """Return the name of a path's image."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
