"""Adds what a capture found to an environment that a person writes; every other line stays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from envwright.errors import EnvwrightError
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.writing import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.capture.draft import Draft, Found
    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled

WIDTH = 1 << 20
"""Lines are not folded: ruamel.yaml would break long texts anew."""


def add(path: Path, draft: Draft, machine: Machine, parts: Mapping[int, set[str]]) -> str:
    """Return the text of an environment with what it does not say of a machine yet.

    Args:
        path: the file of the environment.
        draft: what was found on the machine.
        machine: the machine's facts.
        parts: the ids of the resources that each item of the draft comes to.

    Raises:
        SpecErrors: the environment has mistakes.
        EnvwrightError: the environment and what was found contradict each other.
    """
    environment = load(path, machine)
    said = compile_environment(environment, machine)
    new = [
        found
        for number, found in enumerate(draft.items)
        if not _is_said(found, environment.values, said, parts.get(number, set()))
    ]
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(path.read_text("utf-8"))
    for found in new:
        _put(data, found)
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue() if new else path.read_text("utf-8")
