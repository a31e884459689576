"""How comments are written in a file, which its name tells; for the marks of blocks."""

from __future__ import annotations

from pathlib import PurePosixPath

USUAL = "#"
"""Shells, systemd, apt, sshd, git, YAML, TOML, Python and most that read /etc."""
_OPENERS = {
    "//": "c cc cjs cpp cs dart go h hpp java js jsonc jsx kt mjs proto rs scala scss swift ts tsx",
    "--": "hs lua sql",
    '"': "vim vimrc gvimrc exrc",
    ";": "ahk ini reg",
    ";;": "clj el emacs lisp scm",
    "!": "xdefaults xresources",
    "%": "tex",
    "rem": "bat cmd",
    "<!-- -->": "htm html md svg xml",
    "/* */": "css",
    "": "csv ipynb json pem",
}
"""By how comments begin (and end): the ends of names of such files, and whole names."""
_BY_END = {end: opener for opener, ends in _OPENERS.items() for end in ends.split()}


def comment(path: str) -> str:
    """Return how comments begin in a file, and behind a blank how they end; "" where none can be.

    The name decides: its end, or the whole name without its dot (`.vimrc`).
    """
    end = PurePosixPath(path).name.lower().rpartition(".")[2]
    return _BY_END.get(end, USUAL)
