"""The laws are tried on every capability and every word of the vocabulary."""

from __future__ import annotations

import itertools

import pytest
from breaking import breaks
from house import HOUSE
from law_environments import WITH_A_MODULE, compiled, sections, tried_as_they_are

from envwright.model.catalogue import discover

E2E = HOUSE / "tests" / "e2e"
TRIED = [*WITH_A_MODULE, *tried_as_they_are()]


@pytest.mark.parametrize("name", discover())
def test_the_laws_are_tried_on_a_capability(name: str) -> None:
    # If not: put an environment with this section into environments/.
    assert [path for path in TRIED if name in sections(path)] != []


def test_the_laws_are_tried_on_every_word_of_the_vocabulary() -> None:
    resources = itertools.chain.from_iterable(compiled(path).resources for path in TRIED)
    words = {word.word for word in breaks.registry if word is not object}
    assert {resource.word for resource in resources} == words


def test_an_environment_of_the_laws_has_a_module_of_tests_and_no_module_lacks_its_own() -> None:
    modules = {path.stem.removeprefix("test_laws_") for path in E2E.glob("test_laws_*.py")}
    assert {path.stem for path in WITH_A_MODULE} == modules
