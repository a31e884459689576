"""Which of the three programs the stand-in for /init is called as."""

from __future__ import annotations

from pathlib import PurePosixPath

from . import interop, wslinfo, wslpath


def main(argv: list[str]) -> int:
    """Run as wslpath, as wslinfo, or as the interpreter of Windows programs; the exit code."""
    name = PurePosixPath(argv[0]).name
    if name == "wslpath":
        return wslpath.main(argv[1:])
    if name == "wslinfo":
        return wslinfo.main(argv[1:])
    return interop.main(argv[1:])
