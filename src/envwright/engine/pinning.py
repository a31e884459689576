"""Pinning: asks a machine which versions the resources of an environment come to there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.host.probe import ask

if TYPE_CHECKING:
    from envwright.engine.context import Context


def versions(context: Context) -> dict[str, str | None]:
    """Return the version of each resource that has one, by its id; None where nobody knows it yet.

    The machine is asked in one round trip, and nothing is changed.
    """
    resources = [resource for resource in context.compiled.resources if resource.pinnable]
    facts = ask(context.session, [each for r in resources for each in r.questions()])
    return {resource.id: resource.pin(facts) for resource in resources}
