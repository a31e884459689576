"""The file of an environment as ruamel.yaml edits it: comments and the forms of values stay."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.writing import is_block, is_plain, literal

if TYPE_CHECKING:
    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled

WIDTH = 1 << 20
"""Lines are not folded: ruamel.yaml would break long texts anew."""


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def read(text: str) -> CommentedMap:
    """Return the data of a file that the language has read without mistakes."""
    data: CommentedMap = _yaml().load(text)
    return data


def dumped(data: CommentedMap) -> str:
    """Return edited data as the text of a file."""
    stream = io.StringIO()
    _yaml().dump(data, stream)
    return stream.getvalue()


def styled(value: Any) -> Any:
    """Return plain data in the forms in which ruamel.yaml is to write it."""
    if isinstance(value, dict):
        return CommentedMap({literal(key): styled(inner) for key, inner in value.items()})
    if isinstance(value, (list, tuple)):
        return CommentedSeq(map(styled, value))
    if not isinstance(value, str):
        return value
    text = literal(value)
    if is_block(text):
        return LiteralScalarString(text)
    return text if is_plain(text) else DoubleQuotedScalarString(text)


def compiled_beside(path: Path, text: str, machine: Machine) -> Compiled:
    """Compile a text beside a file, whose other files the text may name.

    Raises:
        SpecErrors: the text has mistakes.
    """
    folder = path.absolute().parent
    number, name = tempfile.mkstemp(prefix=".envwright-", suffix=".yaml", dir=folder)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        return compile_environment(load(name, machine), machine)
    finally:
        Path(name).unlink()
