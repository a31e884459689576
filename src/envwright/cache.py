"""The cache of compiled environments: a plan of what did not change reads no YAML.

An entry is found by all that compiling depends on beside the files it reads: the code of envwright,
Python, the machine's facts, the variables. It holds those files' checksums, and is used only while
each is the same. An entry that is stale, damaged, or another user's is as good as none: it is
compiled anew. Environments with secrets, and those with capabilities from elsewhere, are not kept.
"""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from envwright import store
from envwright.secrets import Secrets
from envwright.store import checksum

if TYPE_CHECKING:
    from envwright.compiler import Compiled
    from envwright.environment import Environment
    from envwright.facts import Machine

__all__ = ["checksum", "compiled"]

ENTRIES = store.ENTRIES
Files = Mapping[str, str]
"""Checksums of files by path."""


def compiled(
    path: str, machine: Machine, variables: Mapping[str, str]
) -> tuple[Compiled, Secrets, Files | None]:
    """Return an environment compiled for a machine, from the cache where it can be.

    The third value: the files that it depends on, where it depends on nothing else that changes.

    Raises:
        SpecErrors: the environment cannot be compiled.
    """
    entry = store.place(path, repr(machine), sorted(variables.items()))
    kept = _read(entry)
    if kept is not None:
        files, made = kept
        return made, Secrets({}), files
    from envwright.compiler import compile_environment  # noqa: PLC0415 - what the cache spares
    from envwright.environment import load  # noqa: PLC0415 - what the cache spares

    environment = load(path, machine, variables)
    made = compile_environment(environment, machine)
    if not _keepable(environment):
        return made, environment.secrets, None
    # A cache that cannot be written is no reason not to work.
    with contextlib.suppress(OSError):
        payload = pickle.dumps(({**environment.files}, made), protocol=4)
        store.write(entry, payload, ENTRIES)
    return made, environment.secrets, environment.files


def _keepable(environment: Environment) -> bool:
    ours = "envwright.deploys."
    own = all(type(section).__module__.startswith(ours) for section in environment.sections)
    return own and not environment.secrets.names


# --- Entries: a pickle of (files, compiled) --------------------------------------------------


class _Unpickler(pickle.Unpickler):
    """Makes nothing but our own frozen values: an entry is data."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("envwright.") and "." not in name and not name.startswith("_"):
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an entry")


def _read(entry: str) -> tuple[Files, Compiled] | None:
    payload = store.read(entry)
    if payload is None:
        return None
    try:
        files, made = _Unpickler(io.BytesIO(payload)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError):
        return None
    if not store.checksums_hold(files):
        return None
    store.touch(entry)
    return files, made
