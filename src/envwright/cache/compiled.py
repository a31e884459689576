"""The cache of compiled environments: a plan of an environment that did not change reads no YAML.

The name of an entry stands for everything that compiling depends on beside the files it reads: the
code of envwright, Python, the machine's facts, the variables. The entry holds these files'
checksums, and is used only while each is the same. An entry that is stale, damaged, or another
user's counts as none: the environment is compiled anew. Environments with secrets, and those with
capabilities of other distributions, are not kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.cache import plain_data, storage
from envwright.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled
    from envwright.spec.environment import Environment

Files = Mapping[str, str]
"""Checksums of files by path."""


class CompiledEnvironment(NamedTuple):
    """A compiled environment, with its secrets and the files that it depends on.

    Args:
        compiled: the resources, proofs and requirements.
        secrets: the secrets that the resources refer to.
        files: the checksums of the files that were compiled; None for an environment that must not
            be cached.
    """

    compiled: Compiled
    secrets: Secrets
    files: Files | None = None


def compiled(
    path: str, machine: Machine, variables: Mapping[str, Any], layers: Sequence[str] = ()
) -> CompiledEnvironment:
    """Return an environment compiled for a machine, from the cache where it can be.

    Args:
        path: the environment's file.
        machine: the machine's facts.
        variables: values of `vars`.
        layers: files that are laid over the environment, the lowest first.

    Raises:
        SpecErrors: the environment cannot be compiled.
        NotFetchedError: a layer is not in the cache.
    """
    given = repr(sorted(variables.items()))
    entry = storage.name("compiled", path, repr(machine), given, list(layers))
    kept = _read(entry)
    if kept is not None:
        return kept
    from envwright.cache.layers import finder  # noqa: PLC0415 - what the cache spares
    from envwright.spec.compiler import compile_environment  # noqa: PLC0415 - what the cache spares
    from envwright.spec.environment import load  # noqa: PLC0415 - what the cache spares

    environment = load(path, machine, variables, layers=layers, find=finder(path))
    made = compile_environment(environment, machine)
    if not _is_keepable(environment):
        return CompiledEnvironment(made, environment.secrets)
    _write(entry, made, environment.files)
    return CompiledEnvironment(made, environment.secrets, environment.files)


def _is_keepable(environment: Environment) -> bool:
    ours = "envwright.deploys."
    own = all(type(section).__module__.startswith(ours) for section in environment.sections)
    return own and not environment.secrets.names


def _write(entry: str, made: Compiled, files: Files) -> None:
    # A cache that cannot be written is no reason not to work.
    with contextlib.suppress(OSError, plain_data.EntryError):
        payload = plain_data.encode([{**files}, made])
        # An entry that would be read as something else must not be there.
        if plain_data.decode(payload) == [files, made]:
            storage.write(entry, payload)


def _read(entry: str) -> CompiledEnvironment | None:
    payload = storage.read(entry)
    if payload is None:
        return None
    from envwright.spec.compiler import Compiled  # noqa: PLC0415 - only where there is an entry

    try:
        files, made = plain_data.decode(payload)
    except (ValueError, TypeError):
        return None
    if not isinstance(made, Compiled) or not _are_checksums(files):
        return None
    if not storage.checksums_hold(files):
        return None
    storage.touch(entry)
    return CompiledEnvironment(made, Secrets({}), files)


def _are_checksums(files: object) -> TypeGuard[Files]:
    # open(2) of a number would read one of our own streams.
    if not isinstance(files, dict):
        return False
    return all(isinstance(text, str) for text in (*files, *files.values()))
