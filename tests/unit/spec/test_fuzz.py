"""Environments made at random are compiled or refused, in time, and no text of them is run."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from fuzz import FULL, Fuzz, rounds
from hostile import CANARY, TEXTS
from sections import all_scripts, refused_by_sh
from shell_text import exposed
from standins import DEBIAN, WSL

from envwright.errors import LocatedError, SpecError, SpecErrors
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.spec.compiler import Compiled

PARTS = rounds(usual=2, full=10)
EACH = rounds(usual=400, full=10_000)
"""Documents of each part: 800 together, 100 000 in the full run."""
SECONDS = 8
"""Of the processor's time, the most that a document may take: templates alone have 3."""
LONGEST = 2000
"""No message has more characters, whatever it quotes."""


def compile_or_refuse(document: Path) -> Compiled | None:
    """The compiled environment; None where it is refused at a place, or for what it lacks."""
    machine = WSL if document.stat().st_size % 2 else DEBIAN
    told: tuple[SpecError, ...] = ()
    made = None
    try:
        made = compile_environment(load(document, machine), machine)
    except SpecErrors as errors:
        told = errors.errors
    assert bool(told) == (made is None)
    for error in told:
        assert not isinstance(error, LocatedError) or (error.line, error.column) >= (1, 1)
        assert len(str(error)) < LONGEST
    return made


@pytest.mark.parametrize("part", range(PARTS))
def test_a_document_is_compiled_or_refused_and_nothing_of_it_is_run(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fuzz, path = Fuzz(random.Random(part)), tmp_path / "fuzz.yaml"
    seen: set[str] = set()
    told: Counter[str] = Counter()
    for _ in range(EACH):
        path.write_bytes(fuzz.document())
        start = time.process_time()
        made = compile_or_refuse(path)
        assert time.process_time() - start < SECONDS
        told["refused" if made is None else "compiled"] += 1
        for script in set(all_scripts(made)) - seen if made else ():
            seen.add(script)
            if CANARY in script:
                told["with a canary"] += 1
                assert (exposed(script, CANARY), refused_by_sh(script)) == ([], False), script
    # The more sections there are, the fewer documents of random ones have no mistake; in which of
    # them a text to be run gets into a script is chance, and test_quoting tries each place.
    assert told["compiled"] > EACH / 20
    assert told["refused"] > EACH / 10
    if FULL:
        print(part, dict(told))  # noqa: T201 - the counts of a run that somebody waits for


def test_the_check_of_quotes_sees_each_text_where_it_is_quoted_badly() -> None:
    for text in TEXTS:
        assert exposed(f"echo {text}", CANARY)
        assert exposed(f'echo "{text}"', CANARY)
        assert exposed(f"cat <<EOF\n{text}\nEOF\n", CANARY)
        quoted = text.replace("'", "'\"'\"'")
        assert exposed(f"echo '{quoted}' \"$(echo '{quoted}')\"", CANARY) == []
