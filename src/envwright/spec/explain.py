"""Explains what an environment may hold: the text of `envwright explain`, from the models."""

from __future__ import annotations

import inspect
import json
import textwrap
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError
from envwright.model.catalogue import discover
from envwright.model.values import DEVELOPER
from envwright.spec import presets
from envwright.spec.addresses import FORMS
from envwright.spec.document import read_document
from envwright.spec.layers import POLICY
from envwright.spec.messages import quoted, suggestion
from envwright.spec.policy import Policy
from envwright.spec.shape import shape_of
from envwright.spec.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.model.capability import Section
    from envwright.spec.shape import Shape

WIDTH = 100
"""The width of the text in columns."""


def explain(topic: str = "", capabilities: Mapping[str, type[Section]] | None = None) -> str:
    """Explain a topic, as plain text of WIDTH columns that ends in a newline.

    Args:
        topic: "" lists the capabilities, `docker` explains one, `docker.daemon` one of its keys;
            a path goes through lists and free tables directly to the keys of their items;
            `policy` and the TOPICS explain the rest of the language.
        capabilities: the classes of the sections; by default all capabilities.

    Raises:
        EnvwrightError: no capability or key has that name.
    """
    known = discover() if capabilities is None else capabilities
    name, *keys = topic.split(".")
    models = {**known, POLICY: Policy}
    if not topic:
        lines = _overview(known)
    elif topic == "extends":
        lines = _extends()
    elif topic in TOPICS:
        lines = iter(_wrapped(TOPICS[topic]))
    elif name not in models:
        near = suggestion(name, (*models, *TOPICS))
        raise EnvwrightError(
            f"there is no capability {quoted(name)}{near}",
            hint="`envwright explain` lists the capabilities",
        )
    elif keys:
        lines = _key(name, keys, models[name])
    else:
        lines = _capability(name, models[name])
    return "\n".join(lines) + "\n"


def _overview(known: Mapping[str, type[Section]]) -> Iterator[str]:
    width = max(map(len, known), default=0)
    yield "Capabilities, each a section of an environment:"
    yield ""
    for name, model in known.items():
        first = (model.__doc__ or "").strip().partition("\n")[0]
        yield from _wrapped(first, indent=width + 4, first=f"  {name:{width}}  ")
    yield ""
    yield "`envwright explain NAME` explains one, `envwright explain NAME.KEY` one of its keys."
    topics = ", ".join(f"`{topic}`" for topic in TOPICS)
    yield f"Topics, too, are {topics} and `{POLICY}`: `envwright explain TOPIC`."


def _extends() -> Iterator[str]:
    yield from _wrapped(TOPICS["extends"])
    for form, meaning in FORMS.items():
        yield ""
        yield f"  {form}"
        yield from _wrapped(meaning, indent=6, first="      ")
    yield ""
    yield "Presets:"
    for name in presets.names():
        yield ""
        yield f"  preset:{name}"
        about = read_document(presets.preset(name).path).plain()["description"]
        yield from _wrapped(about, indent=6, first="      ")


def _capability(name: str, model: type[Section | Policy]) -> Iterator[str]:
    yield name
    yield ""
    yield from _paragraphs(inspect.cleandoc(model.__doc__ or ""))
    if reason := getattr(model, "uncaptured", ""):
        yield ""
        yield from _wrapped(f"`capture` writes no such section. {reason}")
    yield from _keys(shape_of(model), "Keys")
    yield ""
    yield "Example:"
    yield ""
    yield from textwrap.indent(model.example.rstrip("\n"), "  ").splitlines()


def _key(name: str, keys: list[str], model: type[Section | Policy]) -> Iterator[str]:
    path, shape = name, shape_of(model)
    for key in keys:
        fields = _named(shape).properties
        if key not in fields:
            raise EnvwrightError(
                f"{path} has no key {quoted(key)}{suggestion(key, fields)}",
                hint=f"envwright explain {path} lists its keys",
            )
        required = key in _named(shape).required
        path, shape = f"{path}.{key}", fields[key]
    yield from _wrapped(f"{path}: {_layered(shape)}; {_default(shape, required=required)}")
    yield ""
    yield from _paragraphs(_description(shape))
    yield from _keys(shape, "Keys of each" if shape.element else "Keys")


def _named(shape: Shape) -> Shape:
    """Return the shape whose keys have names: the shape itself, or the one of its items."""
    while not shape.properties and shape.element:
        shape = shape.element
    return shape


def _keys(shape: Shape, title: str) -> Iterator[str]:
    if not shape.properties and shape.element:
        yield ""
        if "object" in shape.kinds:
            yield from _wrapped(f"Each key: {shape.key.words}.")
        yield from _wrapped(
            f"Each {'value' if 'object' in shape.kinds else 'item'}: {_type(shape.element)}."
        )
    named = _named(shape)
    if not named.properties:
        return
    yield ""
    yield f"{title}:"
    for key, field in named.properties.items():
        yield ""
        default = _default(field, required=key in named.required)
        yield from _wrapped(f"{key}: {_type(field)}; {default}", indent=4, first="  ")
        yield from _wrapped(_description(field), indent=6, first="      ")


def _type(shape: Shape) -> str:
    """Return the type in words; for a list also the type of its items, where it adds something."""
    element = shape.element
    words = shape.words
    if element and element.schema.get("words"):
        words = f"{words} (each {element.words})"
    return _layered(shape, words)


def _layered(shape: Shape, words: str = "") -> str:
    """Return the type in words, and for a list to which higher layers add that they do."""
    return (words or shape.words) + ("" if shape.adds is None else ", to which layers add")


def _default(shape: Shape, *, required: bool) -> str:
    if DEVELOPER in shape.schema:
        return "default the environment's user"
    if required:
        return "required"
    default = _given(shape.schema.get("default"))
    return "optional" if default is None else f"default {json.dumps(default, ensure_ascii=False)}"


def _given(value: Any) -> Any:
    """Return a default without the keys that have no value."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return value


def _description(shape: Shape) -> str:
    return str(shape.schema.get("description", ""))


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        yield from _wrapped(paragraph)


def _wrapped(text: str, indent: int = 0, first: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
