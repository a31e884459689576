"""An entry of the cache is data: what is read is what was written, and nothing else is made."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.cache.plain_data import EntryError, decode, encode
from envwright.errors import UnfitError
from envwright.model.proof import Assertion
from envwright.model.resource import Moment, Origin
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.spec.compiler import Compiled, compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

ENVIRONMENTS = sorted(Path("environments").rglob("*.yaml"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.just("\ud800")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.none(), inner)
    ),
    max_leaves=20,
)
FILE = File(
    path="/etc/motd",
    content="hello",
    origins=(Origin("files", "box.yaml", 3),),
    takes_effect=Moment.LOGIN,
)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_every_environment_is_read_as_it_was_compiled(path: Path) -> None:
    written, read = [], []
    for machine in MACHINES:
        with contextlib.suppress(UnfitError):  # it is for another kind of machine
            environment = load(str(path), machine, {})
            written.append([{**environment.files}, compile_environment(environment, machine)])
            read.append(decode(encode(written[-1])))
    assert (read, bool(read)) == (written, True)


@given(VALUES)
def test_values_are_read_as_they_were_written_and_of_the_same_types(value: object) -> None:
    assert repr(decode(encode(value))) == repr(value)


@dataclass(frozen=True)
class Foreign:
    """A type of somebody else."""

    text: str = ""


@pytest.mark.parametrize("value", [Foreign(), Foreign, b"bytes", {1, 2}, Path("/"), object(), len])
def test_what_is_no_plain_data_is_not_written(value: object) -> None:
    with pytest.raises(EntryError):
        encode(value)


NAMES = [
    ("os", "system"),
    ("posix", "system"),
    ("subprocess", "Popen", "args"),
    ("builtins", "eval"),
    ("envwright.host.process", "Process", "argv"),
    ("envwright.model.secrets", "Secret", "name", "declaration", "place", "directory"),
    ("envwright.resources.file", "dataclass"),
    ("envwright.resources.file", "Path", "args"),
    ("envwright.resources.file", "Origin", "capability", "file", "line"),
    ("envwright.resources.file", "__builtins__"),
    ("envwright.resources.no_such_word", "File"),
    ("envwright.resources.", "File"),
    ("envwright.resources.file", "File.replace"),
    ("envwright.model.proof", "Proof", "name"),
    ("envwright.model.resource", "Resource", "origins"),
    ("envwright.model.resource", "ABC"),
]


@pytest.mark.parametrize("named", NAMES)
@pytest.mark.parametrize("body", [["o", 0, "touch pwned"], ["e", 0, "NOW"], ["o", 0]])
def test_no_other_type_is_made_and_no_function_called(
    named: tuple[str, ...], body: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("os.system", "subprocess.Popen"):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("it was called"))
    with pytest.raises(EntryError):
        decode(json.dumps([[named], body]).encode())


@pytest.mark.parametrize(
    "value",
    [
        File(path="/etc/motd", content=("rm", "-r")),  # type: ignore[arg-type] # crafted
        File(path=1, content=""),  # type: ignore[arg-type] # crafted
        File(path="/etc/motd", content="", at=(None,)),  # type: ignore[arg-type] # crafted
        File(path="/etc/motd", content="", origins=("box.yaml",)),  # type: ignore[arg-type] # crafted
        File(path="/etc/motd", content="", takes_effect="now"),  # type: ignore[arg-type] # crafted
        File(path="/etc/motd", content="", origins=[]),  # type: ignore[arg-type] # crafted
        Origin("files", "box.yaml", "3"),  # type: ignore[arg-type] # crafted
        Keys(path="/etc/wsl.conf", dialect="wsl", keys={1: "x"}),  # type: ignore[dict-item] # crafted
        Compiled("box", (Assertion("file", (), "exists", expected=True),), (), ()),  # type: ignore[arg-type] # crafted
    ],
)
def test_a_field_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(EntryError):
        decode(encode(value))


def _parts(data: Any) -> list[tuple[list[Any], int]]:
    """Every place in a JSON document: a list, and a position in it."""
    if not isinstance(data, list):
        return []
    here = [(data, at) for at in range(len(data))]
    return [*here, *(part for inner in data for part in _parts(inner))]


CHANGES = (
    SCALARS
    | st.sampled_from(
        ["o", "e", "t", "l", "d", "os", "system", "envwright.host.process", "Process"]
    )
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)
)


@given(st.data())
def test_a_changed_entry_is_refused_or_is_plain_data_of_the_same_types(data: st.DataObject) -> None:
    document = json.loads(encode([{"box.yaml": "0" * 64}, Compiled("box", (FILE,), (), ())]))
    for _ in range(data.draw(st.integers(1, 3))):
        places = _parts(document)
        inner, at = places[data.draw(st.integers(0, len(places) - 1))]
        inner[at] = data.draw(CHANGES)
    try:
        read = decode(json.dumps(document).encode())
    except EntryError:
        return
    # What is read can be written: it holds nothing but plain data and types of the registry.
    assert repr(decode(encode(read))) == repr(read)


@given(st.binary(max_size=200) | st.text('[]{},:"01otel', max_size=60).map(str.encode))
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    try:
        read = decode(data)
    except EntryError:
        return
    assert repr(decode(encode(read))) == repr(read)


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"[[]," + b'["t",' * 50_000, b"[[]," + b"9" * 5000 + b"]"]
)
def test_an_entry_that_would_exhaust_the_reader_is_refused(data: bytes) -> None:
    with pytest.raises(EntryError):
        decode(data)
