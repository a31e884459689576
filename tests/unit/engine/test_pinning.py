"""Pinning: what a machine says of versions, for the lock."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from standins import compiled, local_session

from envwright.engine.pinning import versions
from envwright.resources.file import File
from envwright.resources.package import Package

if TYPE_CHECKING:
    from envwright.engine.context import Context


def test_versions_are_those_of_the_machine() -> None:
    query = ["dpkg-query", "-Wf", "${Version}", "dpkg"]
    installed = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    wanted = compiled(
        Package(package="dpkg"),
        Package(package="no-such-package-at-all"),
        Package(package="gone", present=False),
        File(path="/a", content=""),
    )
    with local_session() as session:
        context = SimpleNamespace(compiled=wanted, session=session)
        assert versions(cast("Context", context)) == {
            "package:dpkg": installed,
            "package:no-such-package-at-all": None,
        }
