"""The lock: `envwright.lock` beside an environment records what its layers are, and versions.

The file is JSON with sorted keys. `version` changes when its form does. `layers` says which commits
and files the layers of environments are, `machines` for each kind of machine which versions its
resources come to; other keys belong to others and stay as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.errors import SpecError
from envwright.spec.addresses import GitAddress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.spec.addresses import Address

NAME = "envwright.lock"
VERSION = 1
LAYERS = "layers"
MACHINES = "machines"
_PIN = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS = {"commit", "sha256"}


@dataclass(frozen=True)
class Lock:
    """What a lock file says.

    Args:
        path: the file.
        layers: what each address stands for, by its key: `commit` or `sha256`.
        machines: for each kind of machine, the version of each resource by its id.
        rest: the other keys of the file.
        checksum: the SHA-256 of the file; "" where there is none.
    """

    path: str
    layers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    machines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    checksum: str = ""

    def pin(self, address: Address) -> str:
        """Return the commit or SHA-256 that an address stands for; "" where none is recorded."""
        return self.layers.get(address.key, {}).get(kind_of(address), "")

    def text(self) -> str:
        """Return the text of the file."""
        whole = {**self.rest, "version": VERSION, LAYERS: self.layers}
        if self.machines:
            whole[MACHINES] = self.machines
        return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def kind_of(address: Address) -> str:
    """Return what an address is pinned by, as the lock calls it."""
    return "commit" if isinstance(address, GitAddress) else "sha256"


def path_for(environment: str) -> str:
    """Return the path of the lock of an environment."""
    return str(Path(environment).parent / NAME)


def read(environment: str) -> Lock:
    """Read the lock of an environment; one that is not there is empty.

    Raises:
        SpecError: the file cannot be read, or is no lock.
    """
    path = path_for(environment)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return Lock(path)
    except OSError as error:
        raise SpecError(f"{path}: the lock cannot be read: {error.strerror}") from None
    try:
        value = dict(json.loads(data))
        version, layers = value.pop("version"), value.pop(LAYERS)
        machines = value.pop(MACHINES, {})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _no_lock(path, environment) from None
    if version != VERSION:
        raise SpecError(
            f"{path}: the form {version!r} of this lock is not known here",
            hint="a newer envwright wrote it: update envwright",
        )
    entries = isinstance(layers, dict) and all(map(_is_entry, layers.values()))
    if not entries or not isinstance(machines, dict) or not all(map(_is_text, machines.values())):
        raise _no_lock(path, environment)
    return Lock(path, layers, machines, value, hashlib.sha256(data).hexdigest())


def _is_text(pins: object) -> bool:
    """Tell whether a part of a lock maps to texts alone."""
    return isinstance(pins, dict) and all(isinstance(text, str) for text in pins.values())


def _is_entry(entry: object) -> bool:
    pins = entry.items() if isinstance(entry, dict) else ()
    return _is_text(entry) and any(key in _KINDS and _PIN.fullmatch(text) for key, text in pins)


def _no_lock(path: str, environment: str) -> SpecError:
    return SpecError(
        f"{path}: this is no lock of envwright",
        hint="take the version of one side after a merge, or remove the file; then run "
        f"`envwright lock {shlex.quote(environment)}`",
    )


def write(lock: Lock) -> None:
    """Write a lock, whole or not at all.

    Raises:
        SpecError: the file cannot be written.
    """
    path = Path(lock.path)
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{NAME}.", delete=False, encoding="utf-8"
        ) as file:
            try:
                file.write(lock.text())
                file.flush()
                mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
                os.fchmod(file.fileno(), mode)
                Path(file.name).replace(os.path.realpath(path))
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(file.name).unlink()
                raise
    except OSError as error:
        raise SpecError(
            f"{lock.path}: the lock cannot be written: {error.strerror}",
            hint="it lies beside the environment: you need to be able to write there",
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
