"""The cache of compiled environments: a plan of what did not change reads no YAML.

An entry is found by all that compiling depends on beside the files it reads: the code of envwright,
Python, the machine's facts, the variables. It holds those files' checksums, and is used only while
each is the same. An entry that is stale, damaged, or another user's is as good as none: it is
compiled anew. Environments with secrets, and those with capabilities from elsewhere, are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import os
import pickle
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.compiler import Compiled
    from envwright.environment import Environment
    from envwright.facts import Machine

ENTRIES = 200
"""How many entries are kept; the ones unused for longest go."""
PARTS = ("envwright", "envwright.deploys", "envwright.templates")
"""Our code: packages that may lie apart."""
DIGEST = 64
"""The length of a SHA-256 in hexadecimal digits."""


def compiled(path: str, machine: Machine, variables: Mapping[str, str]) -> tuple[Compiled, Secrets]:
    """Return an environment compiled for a machine, from the cache where it can be.

    Raises:
        SpecErrors: the environment cannot be compiled.
    """
    file = _folder() / _name(path, machine, variables)
    kept = _read(file)
    if kept is not None:
        return kept, Secrets({})
    from envwright.compiler import compile_environment  # noqa: PLC0415 - what the cache spares
    from envwright.environment import load  # noqa: PLC0415 - what the cache spares

    environment = load(path, machine, variables)
    made = compile_environment(environment, machine)
    if _keepable(environment):
        # A cache that cannot be written is no reason not to work.
        with contextlib.suppress(OSError):
            _write(file, made, environment.files)
    return made, environment.secrets


def _keepable(environment: Environment) -> bool:
    ours = "envwright.deploys."
    own = all(type(section).__module__.startswith(ours) for section in environment.sections)
    return own and not environment.secrets.names


def _folder() -> Path:
    """Return the user's own cache directory (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(base) / "envwright"


def _name(path: str, machine: Machine, variables: Mapping[str, str]) -> str:
    given = (
        *_code(),
        sys.version,
        sys.prefix,
        os.getcwd(),  # noqa: PTH109 - faster; paths are kept as they were given
        path,
        os.environ.get("HOME", ""),
        repr(machine),
        sorted(variables.items()),
    )
    return checksum(repr(given).encode("utf-8", "surrogateescape"))


def _code() -> Iterator[tuple[str, int, int]]:
    """Yield what tells one state of our own code from another."""
    places = [importlib.import_module(name).__path__ for name in PARTS]
    pending = list(dict.fromkeys(path for place in places for path in place))
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.is_dir() and not entry.name.startswith(("__", ".")):
                    pending.append(entry.path)
                elif entry.name.endswith((".py", ".j2")):
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size


# --- Entries: the checksum of the rest, then a pickle of (files, compiled) -------------------


class _Unpickler(pickle.Unpickler):
    """Makes nothing but our own frozen values: an entry is data."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("envwright.") and "." not in name and not name.startswith("_"):
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an entry")


def _read(file: Path) -> Compiled | None:
    try:
        with file.open("rb") as stream:
            if os.fstat(stream.fileno()).st_uid != os.getuid():
                return None
            digest, payload = stream.read(DIGEST), stream.read()
        if checksum(payload).encode() != digest:
            return None
        files, made = _Unpickler(io.BytesIO(payload)).load()
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError):
        return None
    if any(_of_file(path) != known for path, known in files.items()):
        return None
    os.utime(file)
    return made  # type: ignore[no-any-return] # what _write wrote


def _write(file: Path, made: Compiled, files: Mapping[str, str]) -> None:
    """Write an entry, whole or not at all."""
    payload = pickle.dumps(({**files}, made), protocol=4)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    new.write_bytes(checksum(payload).encode() + payload)
    new.replace(file)
    _tidy(file.parent)


def _tidy(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in kept[ENTRIES:]:
        entry.unlink(missing_ok=True)


def _of_file(path: str) -> str:
    try:
        return checksum(Path(path).read_bytes())
    except OSError:
        return ""


def checksum(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
