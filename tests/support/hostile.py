"""Environments in which one place at a time, found in the models, holds a text made to be run."""

from __future__ import annotations

import functools
import json
import re
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from envwright.model.catalogue import discover
from envwright.model.secrets import marker
from envwright.spec.document import parse
from envwright.spec.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Wrap = Callable[[Any], Any]

CANARY = "/pwned"
"""What each of the TEXTS would make, were it run."""
RUN = f"touch {CANARY}"
BARE = f"touch${{IFS}}{CANARY}"
"""The same without a blank."""
TEXTS = (
    f"a\n{RUN}\n$({RUN})\nEOF\n'\n{RUN}\n",
    f"';{RUN};'\";{RUN};\"$({RUN})`{RUN}`|{RUN}&{RUN} # %s %n {{}} \\ \u2028 \u00fc",
    f"$({BARE})`{BARE}`;{BARE};'",
    f"/srv/a';{RUN};'\"$({RUN})`{RUN}`",
    f"/srv/a';{BARE};'\"$({BARE})`{BARE}`",
    f"https://files.envwright.test/$({BARE})`{BARE}`;{BARE};",
    f"-o$({BARE})`{BARE}`;{BARE};",
    f"1 $({RUN}) `{RUN}` | {RUN} & {RUN}",
)
GOOD = (
    "dev",
    "/srv/good",
    "https://files.envwright.test/apt",
    "good.service",
    "0644",
    "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
    "vm.swappiness",
    "D:",
    "10m",
    "29.*",
    "GOOD",
    1,
    True,
)
"""Values of which every field takes one."""


SCRIPTS = ("commands.*.run", "commands.*.unless")
"""The places whose texts are run on purpose."""
SECRETS = {"token": {"command": ["echo", "a-secret"]}}


@dataclass(frozen=True)
class Hostile:
    """An environment: which place of it holds which of the TEXTS."""

    place: str
    number: int
    environment: str

    @property
    def name(self) -> str:
        """What the case is called."""
        return f"{self.place}, text {self.number}"

    def write(self, folder: Path) -> Path:
        """Write it to a file."""
        path = folder / "hostile.yaml"
        path.write_text(self.environment, "utf-8")
        return path


def hostiles() -> Iterator[Hostile]:
    """Every text at every place of every capability, whether it is taken there or refused."""
    for section, model in discover().items():
        for place, wrap in _places(model):
            if f"{section}{place}" in SCRIPTS:
                continue
            for number, text in enumerate(TEXTS):
                # JSON is YAML, whatever the text holds.
                environment = {"name": "hostile", "secrets": SECRETS, section: wrap(text)}
                written = json.dumps(environment, ensure_ascii=False)
                written = written.replace(marker("token"), "{{ secret.token }}")
                yield Hostile(f"{section}{place}", number, written)


def _places(annotation: Any) -> Iterator[tuple[str, Wrap]]:
    """The places in values of a type: what each is called, and how a text gets there."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _places(arguments[0])
    elif origin in {Union, types.UnionType}:
        for one in arguments:
            yield from _places(one)
    elif origin in {list, tuple}:
        for place, wrap in _places(arguments[0]):
            yield f"[]{place}", _within(lambda value: [value], wrap)
    elif origin is dict:
        keys, values = arguments
        good = _good(values)
        yield ".KEY", lambda text: {text: good}
        key = _good(keys)
        for place, wrap in _places(values):
            yield f".*{place}", _within(lambda value: {key: value}, wrap)
    elif _is_model(annotation):
        yield from _places_of_model(annotation)
    elif annotation is str or origin is Literal:
        yield "", lambda text: text


def _places_of_model(model: type[BaseModel]) -> Iterator[tuple[str, Wrap]]:
    if issubclass(model, RootModel):
        yield from _places(model.model_fields["root"].annotation)
        return
    for name, field in model.model_fields.items():
        key = field.alias or name
        concurrent = _beside(model, key)
        for place, wrap in _places(_annotated(field)):
            yield f".{key}{place}", _within(_setter(concurrent, key), wrap)


def _within(outer: Wrap, inner: Wrap) -> Wrap:
    return lambda text: outer(inner(text))


def _setter(concurrent: dict[str, Any], key: str) -> Wrap:
    return lambda value: {**concurrent, key: value}


def _annotated(field: Any) -> Any:
    annotation = field.annotation
    for one in field.metadata:
        annotation = Annotated[annotation, one]
    return annotation


def _beside(model: type[BaseModel], key: str) -> dict[str, Any]:
    """Good values of as many other keys of a model as it takes together with a good one of this."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    others = {name: _good_at(name, field) for name, field in fields.items() if name != key}
    required = {name: value for name, value in others.items() if fields[name].is_required()}
    for one in ({key: _good_at(key, fields[key])}, {}):
        for name in ("", *others):
            concurrent = required | ({name: others[name]} if name else {})
            if _takes(model, concurrent | one):
                return _more(model, concurrent, others, one)
    return required


def _more(
    model: type[BaseModel], concurrent: dict[str, Any], others: dict[str, Any], one: dict[str, Any]
) -> dict[str, Any]:
    for name, value in others.items():
        if _takes(model, concurrent | {name: value} | one):
            concurrent |= {name: value}
    return concurrent


@functools.cache
def _examples() -> dict[str, list[Any]]:
    """The values in the examples of all capabilities, by their key."""
    found: dict[str, list[Any]] = {}

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                found.setdefault(key, []).append(inner)
                gather(inner)

    for model in discover().values():
        # To the models a secret is its marker.
        text = re.sub(r"{{ secret.\w+ }}", marker("token"), model.example)
        gather(parse(Source("example", text)).plain())
    return found


def good_at(key: str) -> list[Any]:
    """The values that a key has in the examples of the capabilities."""
    return _examples().get(key, [])


def _good_at(key: str, field: Any) -> Any:
    """A value that a key takes, from an example where there is one."""
    annotation = _annotated(field)
    shown = [value for value in good_at(key) if _takes(annotation, value)]
    return shown[0] if shown else _good(annotation)


def _good(annotation: Any) -> Any:
    """A value that a type takes; the first of GOOD where none can be made."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    fitting = [value for value in GOOD if _takes(annotation, value)]
    if fitting or not (arguments or _is_model(annotation)):
        return fitting[0] if fitting else GOOD[0]
    if _is_model(annotation):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        needed = [name for name, field in fields.items() if field.is_required()]
        key = [*needed, *fields][0]
        return {**_beside(annotation, key), key: _good_at(key, fields[key])}
    if origin in {list, tuple}:
        return [_good(arguments[0])]
    if origin is dict:
        return {_good(arguments[0]): _good(arguments[1])}
    return arguments[0] if origin is Literal else _good(arguments[0])


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _takes(annotation: Any, value: Any) -> bool:
    try:
        TypeAdapter(annotation).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
