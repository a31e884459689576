"""The stage before compiling: layers that are not in the cache are fetched, then all is local."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from envwright.errors import NotFetchedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Made = TypeVar("Made")


def _tell_nobody(_: str) -> None:
    """Tell nobody what is fetched."""


class Fetching(NamedTuple):
    """How layers that are not in the cache are fetched.

    Args:
        tell: tells a person what is being fetched.
        offline: nothing is fetched.
    """

    tell: Callable[[str], None] = _tell_nobody
    offline: bool = False

    def before(
        self, compile_: Callable[[], Made], environment: str, files: Sequence[str] = ()
    ) -> Made:
        """Compile an environment; where layers are missing, fetch them all and compile again.

        Compiling itself asks no network: it reads what is in the cache.

        Args:
            compile_: compiles it.
            environment: its file.
            files: those that are laid over it.

        Raises:
            NotFetchedError: a layer is missing and nothing may be fetched.
            SpecError, SpecErrors: a layer cannot be fetched, or the environment has mistakes.
        """
        try:
            return compile_()
        except NotFetchedError:
            if self.offline:
                raise
        from envwright.fetch.layers import fetch_all  # noqa: PLC0415 - where layers are missing

        fetch_all(environment, files, self.tell)
        return compile_()


FETCHING = Fetching()
"""Fetches what is missing, and tells nobody."""
