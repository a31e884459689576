"""Benchmarks: envwright beside its peers and the floors, on the project's own test machines."""

import sys
from pathlib import Path

HOUSE = Path(__file__).parents[1]

# The test machines belong to the tests, which are no package: see pyproject.toml.
sys.path.append(str(HOUSE / "tests" / "e2e"))
