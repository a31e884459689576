"""The environments that the laws are tried on, found by their presence.

Those in `environments/` beside this file have a module of tests each, `test_laws_NAME.py`, since
they need a mirror or a Windows. Every environment of the checkout with a capability that none of
these has is tried as it is, by `test_laws.py`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from house import HOUSE
from sections import compile_everywhere

from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from envwright.spec.compiler import Compiled

_HERE = Path(__file__).parent
SHIPPED = sorted((HOUSE / "environments").glob("*.yaml"))
WITH_A_MODULE = sorted((_HERE / "environments").glob("*.yaml"))


def law_environment(name: str) -> Path:
    """Return an environment that has a module of its own."""
    return _HERE / "environments" / f"{name}.yaml"


@functools.cache
def sections(path: Path) -> frozenset[str]:
    """Return the capabilities in an environment."""
    return frozenset(section.section for section in load(path, MACHINES[-1]).sections)


def compiled(path: Path) -> Compiled:
    """Return what an environment comes to under WSL, where most is done, or on the last machine.

    The last machine is that of the kinds that the environment can work on.
    """
    return compile_everywhere(path)[-1]


def tried_as_they_are() -> list[Path]:
    """Return the shipped environments that the laws are tried on without a module of their own.

    The quickstart is always among them: it is the first that a person tries.
    """
    known = frozenset().union(*map(sections, WITH_A_MODULE))
    return [path for path in SHIPPED if path.stem == "quickstart" or sections(path) - known]
