"""Layers from elsewhere, as repositories and caches of real teams have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from field_case import Place
    from machines.machine import Machine

BASE = "files:\n  /etc/team.conf: {source: team.conf}\n"


def test_a_base_stays_at_its_commit_whatever_its_tag_and_the_cache_become(
    place: Place, debian13: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = place("tag-of-a-base-that-moves", debian13)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    config = f'[url "file://{tmp_path}/"]\ninsteadOf = https://git.example.invalid/\n'
    (tmp_path / "home/.gitconfig").write_text(config)
    team = Repository.new(tmp_path / "team")
    first = team.commit(**{"bases/shell.yaml": BASE, "bases/team.conf": "one\n"})
    team.tag("v1.0")
    assert case.run_here("lock").code == 0
    (locked,) = json.loads((case.folder / "envwright.lock").read_bytes())["layers"].values()
    assert locked == {"commit": first}
    case.run("apply", "--yes")
    assert debian13.sh("cat /etc/team.conf") == "one\n"

    second = team.commit(**{"bases/team.conf": "two\n"})
    team.tag("v1.0")
    cached = tmp_path / "home/.cache/envwright/layers/git" / first / "bases/team.conf"
    cached.write_text("evil\n")
    said = case.run("plan")
    layer = "git+https://git.example.invalid/team@v1.0:bases/shell.yaml"
    assert (said.code, said.err) == (0, f"Fetching {layer} ...\n")
    assert case.run("verify").code == 0

    moved = f"{first[:12]} -> {second[:12]}"
    assert f"commit {moved}\n" in case.run_here("lock", "--upgrade").out
    said = case.run("plan")
    assert (said.code, f"file:/etc/team.conf  files ({layer}:2)" in said.out) == (2, True)
    case.run("apply", "--yes")
    assert debian13.sh("cat /etc/team.conf") == "two\n"
