"""Adds what a capture found to an environment that a person writes; every other line stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from envwright.capture.edited import compiled_beside, dumped, read, styled
from envwright.errors import EnvwrightError, SpecErrors
from envwright.model.capture import LeftOut
from envwright.model.catalogue import discover
from envwright.portable.visible import visible_line
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.writing import literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from envwright.capture.draft import Draft, Found
    from envwright.facts import Machine
    from envwright.model.resource import Resource
    from envwright.spec.compiler import Compiled


def add(path: Path, draft: Draft, machine: Machine, made: Sequence[Sequence[Resource]]) -> str:
    """Return the text of an environment with what it does not say of a machine yet.

    What the environment says already wins, in whatever words. What cannot be put into the file is
    left out of the draft, with the reason.

    Args:
        path: the file of the environment.
        draft: what was found on the machine.
        machine: the machine's facts.
        made: the resources that each item of the draft comes to.

    Raises:
        SpecErrors: the environment has mistakes.
        EnvwrightError: the environment and what was found contradict each other.
    """
    environment = load(path, machine)
    said = compile_environment(environment, machine)
    new = [
        found
        for found, resources in zip(draft.items, made, strict=True)
        if not _has(environment.values, found) and not _means(said, resources)
    ]
    text = path.read_text("utf-8")
    data = read(text)
    declared = {name: {"env": name} for name in draft.secrets if not _named(data, name)}
    for name, value in declared.items():
        data.setdefault("secrets", CommentedMap())[name] = styled(value)
    for found in new:
        if reason := _put(data, found):
            draft.left_out.add(LeftOut(found.label, reason))
    if not new and not declared:
        return text
    new_text = dumped(data)
    try:
        compiled_beside(path, new_text, machine)
    except SpecErrors as errors:
        first = errors.errors[0].summary.splitlines()[0]
        raise EnvwrightError(
            f"{path}: what was found does not fit to what the environment says: {first}; "
            "nothing was written",
            hint="capture into a new file, and take over by hand what you want",
        ) from None
    return new_text


def _named(data: CommentedMap, secret: str) -> bool:
    declared = data.get("secrets")
    return isinstance(declared, dict) and secret in declared


def _has(values: Any, found: Found) -> bool:
    """Tell whether an environment has a value at the path of an item, or the item in its list."""
    for key in (found.section, *found.item.at):
        if isinstance(values, list):
            return _is_short(found) and found.item.value in values
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return not found.item.listed or (isinstance(values, list) and found.item.value in values)


def _means(said: Compiled, resources: Sequence[Resource]) -> bool:
    """Tell whether an environment decides about all that an item comes to."""
    ids = {resource.id for resource in said.resources}
    places = {claim.place for resource in said.resources for claim in resource.claims()}
    return bool(resources) and all(
        resource.id in ids
        or any(claim.place in places for claim in resource.claims() if not claim.shared)
        for resource in resources
    )


def _is_short(found: Found) -> bool:
    """Tell whether an item is of the list for which a section may be written as a list alone."""
    extra = discover()[found.section].model_config.get("json_schema_extra")
    key = extra.get("short") if isinstance(extra, dict) else None
    return found.item.listed and found.item.at == (key,)


def _put(data: CommentedMap, found: Found) -> str:
    """Put an item into the data of a file; return why that cannot be, "" where it is done."""
    *above, last = (literal(key) for key in (found.section, *found.item.at))
    table: Any = data
    for key in above:
        if isinstance(table, CommentedMap) and table.get(key) is None:
            table[key] = CommentedMap()
        if not isinstance(table, CommentedMap):
            return f"the file writes '{key}' in another form: add it by hand"
        table = table[key]
    if isinstance(table, CommentedSeq) and _is_short(found):
        table.append(styled(found.item.value))
        return ""
    if not isinstance(table, CommentedMap):
        return f"the file writes '{above[-1]}' in another form: add it by hand"
    if not found.item.listed:
        table[last] = styled(found.item.value)
        _explain(table, last, found, len(above))
        return ""
    if table.get(last) is None:
        table[last] = CommentedSeq()
    if not isinstance(table[last], CommentedSeq):
        return f"the file writes '{last}' in another form: add it by hand"
    table[last].append(styled(found.item.value))
    return ""


def _explain(table: CommentedMap, key: str, found: Found, depth: int) -> None:
    if found.item.why and not table.fa.flow_style():
        why = visible_line(found.item.why)
        table.yaml_set_comment_before_after_key(key, before=why, indent=2 * depth)
