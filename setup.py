"""The packages, found by their presence: a room or a capability that is a folder is listed nowhere.

All else about the build stands in pyproject.toml.
"""

from setuptools import find_packages, setup

PLACES = {"envwright": "src/envwright", "envwright.deploys": "deploys"}
"""The packages that have packages in them, and their folders."""

setup(
    packages=[
        "envwright.environments",
        "envwright.templates",
        *PLACES,
        *(f"{name}.{inner}" for name, place in PLACES.items() for inner in find_packages(place)),
    ]
)
