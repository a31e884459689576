"""The generated documents: `python -m envwright.spec.documents docs` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from envwright.model.catalogue import discover
from envwright.spec.explain import explain
from envwright.spec.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HEAD = """\
# Capabilities

What `envwright explain` says of each; made by `python -m envwright.spec.documents docs`.
"""


def documents() -> Mapping[str, str]:
    """Return the made documents: their text by file name."""
    topics = [topic for name, section in discover().items() for topic in _topics(name, section)]
    parts = [
        f"##{'#' * topic.count('.')} {topic}\n\n```text\n{explain(topic).rstrip()}\n```\n"
        for topic in topics
    ]
    return {
        "capabilities.md": "\n".join([HEAD, *parts]),
        "environment.schema.json": json.dumps(json_schema(), indent=2) + "\n",
    }


def _topics(name: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield a section and the tables in it."""
    yield name
    for key, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _topics(f"{name}.{field.alias or key}", inner)


if __name__ == "__main__":
    for name, text in documents().items():
        (Path(sys.argv[1]) / name).write_text(text, "utf-8")
