"""Prerequisites: what a resource needs on the machine, and which changes of a plan may bring it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

SOFTWARE = ("package:", "archive:", "command:")
"""How the ids begin whose changes can bring units, accounts, kernel modules and folders that no
resource names."""
BEFORE_APT = 4
"""The rank of what apt reads or trusts: it goes before apt fetches anything."""


def may_come(changed: Collection[str], *ids: str) -> bool:
    """Tell whether a plan may still bring what is missing now.

    Args:
        changed: the ids of all resources that differ.
        ids: the resources that would bring it.
    """
    return any(id_.startswith(SOFTWARE) or id_ in ids for id_ in changed)
