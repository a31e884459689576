"""What each capability says of itself, and that it needs no name to be what it is (law 10)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from house import HOUSE
from sections import compile_everywhere

from envwright.model.capability import Describes
from envwright.model.catalogue import Catalogue, discover
from envwright.portable import readers
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES
from envwright.spec.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic import BaseModel


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model, and those in its fields."""
    yield model
    for field in model.model_fields.values():
        for part in parts(field.annotation):
            if hasattr(part, "model_fields"):
                yield from models(part)


def parts(annotation: object) -> Iterator[type[BaseModel]]:
    """What an annotation like `dict[str, Part | None]` is made of."""
    inner = getattr(annotation, "__args__", ())
    if inner:
        yield from itertools.chain.from_iterable(map(parts, inner))
    elif isinstance(annotation, type):
        yield annotation


@pytest.mark.parametrize("name", discover())
def test_every_key_of_a_capability_is_described(name: str) -> None:
    silent = [
        f"{model.__qualname__}.{key}"
        for model in models(discover()[name])
        for key, field in model.model_fields.items()
        if key != "root" and not (field.description or "").strip()
    ]
    assert silent == []


@pytest.mark.parametrize("name", discover())
def test_every_part_of_a_capability_has_a_docstring(name: str) -> None:
    silent = [
        model.__qualname__ for model in models(discover()[name]) if "__doc__" not in vars(model)
    ]
    assert silent == []


@pytest.mark.parametrize("name", discover())
def test_every_capability_captures_or_says_why_not(name: str) -> None:
    section = discover()[name]
    captures = any("capture" in vars(each) for each in section.__mro__ if each is not Describes)
    assert captures == (not section.uncaptured)


def lists(shape: object, where: str) -> Iterator[tuple[str, object]]:
    """The schemas of lists in a JSON Schema, by where they are."""
    if isinstance(shape, dict):
        if shape.get("type") == "array":
            yield where, shape.get("layers")
        for key, part in shape.items():
            yield from lists(part, f"{where}.{key}")
    elif isinstance(shape, list):
        for part in shape:
            yield from lists(part, where)


@pytest.mark.parametrize("name", discover())
def test_every_list_says_what_layers_do_with_it(name: str) -> None:
    schema = shape_of(discover()[name]).schema
    assert [where for where, does in lists(schema, name) if does not in {"add", "replace"}] == []


@pytest.mark.parametrize("name", discover())
def test_every_example_is_a_section_that_does_something(name: str, tmp_path: Path) -> None:
    section = discover()[name]
    file = tmp_path / "example.yaml"
    file.write_text(f"name: example\n{section.example}")
    assert [section.section for section in load(file, MACHINES[-1]).sections] == [name]
    assert all(made.resources or made.proofs for made in compile_everywhere(file))


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "environments").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_environment_of_the_house_is_good(path: Path) -> None:
    made = compile_everywhere(path)
    assert [(one.name, bool(one.resources)) for one in made] == [(path.stem, True)] * len(made)


def readers_named(file: Path) -> set[str]:
    """The readers that the witnesses of an environment name, on every kind of machine."""
    return {
        seen.view.reader
        for made in compile_everywhere(file)
        for resource in made.resources
        for seen in resource.witness()
        if seen.view
    }


def test_every_reader_that_a_witness_names_is_there(tmp_path: Path) -> None:
    named = set().union(*map(readers_named, (HOUSE / "environments").glob("*.yaml")))
    # Where an example says what a default says, nothing is left to default: `docker` does so.
    for text in (*(section.example for section in discover().values()), "docker: {}\n"):
        file = tmp_path / "example.yaml"
        file.write_text(f"name: example\n{text}")
        named |= readers_named(file)
    # Names of readers are texts: a search for calls does not find the readers that these name.
    assert {"json", "json_has", "fstab", "env"} <= named
    assert {reader for reader in named if not callable(getattr(readers, reader, None))} == set()


# --- A capability's name means nothing to the engine (law 11) ---------------------------------

RENAMED = "renamed"


@pytest.fixture
def rename(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that has the catalogue know a capability as RENAMED, and by no other name."""

    def function(name: str) -> None:
        section = discover()[name]
        others = {other for other in discover() if other != name}
        find = Catalogue.__getitem__
        monkeypatch.setattr(section, "section", name)
        monkeypatch.setattr(Catalogue, "__iter__", lambda _: iter(sorted({*others, RENAMED})))
        monkeypatch.setattr(Catalogue, "__contains__", lambda _, key: key in {*others, RENAMED})
        monkeypatch.setattr(
            Catalogue, "__getitem__", lambda self, key: find(self, name if key == RENAMED else key)
        )

    return function


def compiled(file: Path, text: str) -> list[Any]:
    """What an environment comes to on every kind of machine, without where it was written."""
    file.write_text(f"name: example\n{text}")
    return [
        (
            [(r.id, r.desired(), {*r.needs, *r.autorequires}) for r in one.resources],
            [(proof.name, proof.script) for proof in one.proofs],
            [requirement.script for requirement in one.requirements],
        )
        for one in compile_everywhere(file)
    ]


@pytest.mark.parametrize("name", discover())
def test_a_capability_does_the_same_under_another_name(
    name: str, rename: Callable[[str], None], tmp_path: Path
) -> None:
    example = discover()[name].example
    before = compiled(tmp_path / "example.yaml", example)
    rename(name)
    renamed = example.replace(f"{name}:\n", f"{RENAMED}:\n", 1)
    assert renamed != example
    assert compiled(tmp_path / "renamed.yaml", renamed) == before
