"""How an environment declares where a secret comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field, model_validator

from envwright.model.capability import Settings
from envwright.model.values import exactly_one

if TYPE_CHECKING:
    from typing_extensions import Self


class Declaration(Settings):
    """Where a secret comes from: exactly one of the keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: Annotated[str, Field(min_length=1)] | None = None
    """An environment variable of the process that runs envwright."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A file, relative to the environment's file, or from `~`. The newline that ends a single line
    is cut; a text of several lines, such as a private key, is kept whole."""
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """A command and its arguments, run without a shell; prints the secret within 60 seconds."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "env", "file", "command")
        return self
