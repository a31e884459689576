"""Prerequisites: which changes of a plan may bring what a resource lacks."""

from __future__ import annotations

import pytest

from envwright.resources.prerequisites import may_come


@pytest.mark.parametrize(
    ("changed", "comes"),
    [
        (set(), False),
        ({"file:/etc/a", "user:dev"}, False),
        ({"file:/etc/b"}, True),
        ({"file:/etc/a", "package:x"}, True),
        ({"archive:/opt/x"}, True),
        ({"command:x"}, True),
    ],
)
def test_software_may_bring_what_is_missing_and_so_may_the_resources_that_make_it(
    *, changed: set[str], comes: bool
) -> None:
    assert may_come(changed, "file:/etc/b", "keys:/etc/b") is comes
