"""Measuring: what the script prints of a place, and what is read of it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from standins import DEBIAN, ME, local_session

from envwright.bench.measuring import Measured, measure, read
from envwright.bench.places import Place
from envwright.errors import HostError

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place("/home/dev", "ext4", "dev")


def fio(**speeds: int) -> str:
    """A file of fio, of which all but the speeds, in bytes per second, is left out."""
    jobs = [{kind: {"bw_bytes": speed} for kind, speed in speeds.items()}]
    return base64.b64encode(json.dumps({"jobs": jobs}).encode()).decode()


def test_the_figures_are_read_and_what_the_cache_did_is_marked() -> None:
    said = f"randwrite\t0 {fio(write=3 << 20)}\nrandread\t1 {fio(read=1 << 19)}\nunpack\t120\n"
    figures = {"randwrite": 3.0, "randread": 0.5, "unpack": 120.0}
    found = read(PLACE, said + "lacks\tgit\nanother program's line\n")
    assert found == Measured(PLACE, figures, frozenset({"randwrite"}), ("git",))
    assert found.json() == {
        "path": "/home/dev",
        "kind": "ext4",
        "owner": "dev",
        "figures": figures,
        "cached": ["randwrite"],
        "lacks": ["git"],
    }


@pytest.mark.parametrize("said", ["randread\t1 e30=\n", "randread\tx\n", "unpack\tsoon\n"])
def test_figures_that_no_program_prints_are_refused(said: str) -> None:
    with pytest.raises(HostError, match="the figures of /home/dev cannot be read"):
        read(PLACE, said)


def test_a_folder_is_measured_and_nothing_is_left_there(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("as it was", "utf-8")
    with local_session() as session:
        found = measure(session, DEBIAN, Place(str(tmp_path), "ext4", ME), seconds=1)
    assert {"unpack", "remove", "inserts"} <= found.figures.keys()
    assert min(found.figures.values()) > 0
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_where_nothing_can_be_written_is_told() -> None:
    with local_session() as session:
        found = measure(session, DEBIAN, Place("/proc", "proc", ME), seconds=1)
    (why,) = found.lacks
    assert (found.figures, why.startswith("mktemp: ")) == ({}, True)
