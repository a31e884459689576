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
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.cache import storage
from envwright.model.secrets import Secrets

if TYPE_CHECKING:
    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled
    from envwright.spec.environment import Environment

Files = Mapping[str, str]
"""Checksums of files by path."""


class Made(NamedTuple):
    """What an environment came to for a machine.

    Args:
        compiled: its resources and proofs.
        secrets: what is hidden in them.
        files: the files that it depends on; None where it depends on more that changes.
    """

    compiled: Compiled
    secrets: Secrets
    files: Files | None = None


def compiled(path: str, machine: Machine, variables: Mapping[str, str]) -> Made:
    """Return an environment compiled for a machine, from the cache where it can be.

    Raises:
        SpecErrors: the environment cannot be compiled.
    """
    entry = storage.place(path, repr(machine), sorted(variables.items()))
    kept = _read(entry)
    if kept is not None:
        files, made = kept
        return Made(made, Secrets({}), files)
    from envwright.spec.compiler import compile_environment  # noqa: PLC0415 - what the cache spares
    from envwright.spec.environment import load  # noqa: PLC0415 - what the cache spares

    environment = load(path, machine, variables)
    made = compile_environment(environment, machine)
    if not _keepable(environment):
        return Made(made, environment.secrets)
    # A cache that cannot be written is no reason not to work.
    with contextlib.suppress(OSError):
        payload = pickle.dumps(({**environment.files}, made), protocol=4)
        storage.write(entry, payload)
    return Made(made, environment.secrets, environment.files)


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
    payload = storage.read(entry)
    if payload is None:
        return None
    try:
        files, made = _Unpickler(io.BytesIO(payload)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError):
        return None
    if not storage.checksums_hold(files):
        return None
    storage.touch(entry)
    return files, made
