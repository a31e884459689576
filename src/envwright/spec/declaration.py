"""The declaration of a secret in an environment: where its value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field, model_validator

from envwright.model.capability import Settings
from envwright.model.values import exactly_one

if TYPE_CHECKING:
    from typing_extensions import Self


class Declaration(Settings):
    """The source of a secret: exactly one of the keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    env: Annotated[str, Field(min_length=1)] | None = None
    """An environment variable of the process that runs envwright."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A file, relative to the environment's file, or from `~`. The line end of a single line is no
    part of the secret. A text of several lines, such as a private key, is kept whole."""
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """A command and its arguments, run without a shell. The command must print the secret within
    60 seconds."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "env", "file", "command")
        return self
