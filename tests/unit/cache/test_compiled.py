"""The cache never changes an answer: what is stale or damaged is compiled anew."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest

from envwright.cache import compiled, plain_data, storage
from envwright.errors import SpecErrors
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from envwright.spec.compiler import Compiled

TRIXIE, NOBLE = KINDS["debian-13"], KINDS["ubuntu-24.04"]
SPEC = "name: box\nextends: base.yaml\nvars: {who: dev}\nfiles:\n  /etc/motd: {source: motd}\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "base.yaml").write_text("name: base\npackages: [git]\n", "utf-8")
    (tmp_path / "motd").write_text("hello\n", "utf-8")
    (tmp_path / "box.yaml").write_text(SPEC, "utf-8")
    return str(tmp_path / "box.yaml")


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "envwright").glob("*"))


def fresh(spec: str) -> Compiled:
    return compile_environment(load(spec, TRIXIE), TRIXIE)


def forbid_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("it was compiled")

    monkeypatch.setattr("envwright.spec.environment.load", fail)


def test_the_second_time_nothing_is_compiled_and_the_answer_is_the_same(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fresh(spec)
    assert compiled.compiled(spec, TRIXIE, {})[0] == expected
    forbid_compiling(monkeypatch)
    assert compiled.compiled(spec, TRIXIE, {})[0] == expected


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("box.yaml", SPEC.replace("/etc/motd", "/etc/issue")),
        ("base.yaml", "name: base\npackages: [jq]\n"),
        ("motd", "good morning\n"),
    ],
)
def test_a_change_of_any_file_that_was_read_is_seen(
    spec: str, tmp_path: Path, file: str, text: str
) -> None:
    before = compiled.compiled(spec, TRIXIE, {})[0]
    status = (tmp_path / file).stat()
    (tmp_path / file).write_text(text, "utf-8")
    os.utime(tmp_path / file, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = compiled.compiled(spec, TRIXIE, {})[0]
    assert (after == before, after) == (False, fresh(spec))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "conf/more.env").write_text("B=2\n", "utf-8"),
        lambda folder: (folder / "conf/app.env").write_text("A=2\n", "utf-8"),
        lambda folder: (folder / "conf/app.env").unlink(),
        lambda folder: (folder / "conf/app.env").chmod(0o755),
    ],
    ids=["one more", "another text", "one less", "executable"],
)
def test_a_change_of_a_folder_that_was_read_is_seen(
    change: Callable[[Path], object], spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web/conf").mkdir(parents=True)
    (tmp_path / "web/compose.yaml").write_text("services: {}\n", "utf-8")
    (tmp_path / "web/conf/app.env").write_text("A=1\n", "utf-8")
    (tmp_path / "box.yaml").write_text("name: box\ncompose: {web: {folder: web}}\n", "utf-8")
    before = compiled.compiled(spec, TRIXIE, {})[0]
    change(tmp_path / "web")
    after = compiled.compiled(spec, TRIXIE, {})[0]
    assert (after == before, after) == (False, fresh(spec))
    forbid_compiling(monkeypatch)
    assert compiled.compiled(spec, TRIXIE, {})[0] == after


def test_a_file_that_is_gone_is_missed(spec: str, tmp_path: Path) -> None:
    compiled.compiled(spec, TRIXIE, {})
    (tmp_path / "motd").unlink()
    with pytest.raises(SpecErrors):
        compiled.compiled(spec, TRIXIE, {})


def test_each_machine_and_each_variable_has_an_entry_of_its_own(spec: str, tmp_path: Path) -> None:
    compiled.compiled(spec, TRIXIE, {})
    compiled.compiled(spec, NOBLE, {})
    compiled.compiled(spec, TRIXIE, {"who": "ops"})
    assert len(entries(tmp_path)) == 3


def test_a_damaged_entry_is_as_good_as_none(spec: str, tmp_path: Path) -> None:
    expected = compiled.compiled(spec, TRIXIE, {})[0]
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    for position in range(0, len(whole), 37):
        entry.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert compiled.compiled(spec, TRIXIE, {})[0] == expected
    for length in (0, 10, 64, 65, len(whole) - 1):
        entry.write_bytes(whole[:length])
        assert compiled.compiled(spec, TRIXIE, {})[0] == expected


def test_an_entry_that_is_a_program_is_not_run(spec: str, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path}/pwned",)

    expected = compiled.compiled(spec, TRIXIE, {})[0]
    (entry,) = entries(tmp_path)
    payload = pickle.dumps(({}, Evil()))
    entry.write_bytes(storage.checksum(payload).encode() + payload)
    assert compiled.compiled(spec, TRIXIE, {})[0] == expected
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "content", [[{}, None], [None, None], {"files": 1}, "text", [{0: "open(0)"}, "made"], []]
)
def test_an_entry_of_another_content_counts_as_none(
    spec: str, tmp_path: Path, content: object
) -> None:
    expected = compiled.compiled(spec, TRIXIE, {})[0]
    (entry,) = entries(tmp_path)
    payload = plain_data.encode(content)
    entry.write_bytes(storage.checksum(payload).encode() + payload)
    assert compiled.compiled(spec, TRIXIE, {})[0] == expected


def test_a_descriptor_is_no_file_that_an_entry_depends_on(spec: str, tmp_path: Path) -> None:
    expected = compiled.compiled(spec, TRIXIE, {})[0]
    (entry,) = entries(tmp_path)
    payload = plain_data.encode([{0: "the checksum of stdin"}, expected])
    entry.write_bytes(storage.checksum(payload).encode() + payload)
    assert compiled.compiled(spec, TRIXIE, {})[0] == expected


def test_environments_with_secrets_are_not_kept(spec: str, tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text(f"{SPEC}secrets: {{token: {{env: TOKEN}}}}\n", "utf-8")
    assert compiled.compiled(spec, TRIXIE, {})[1].names == ("token",)
    assert entries(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_no_reason_not_to_work(spec: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way", "utf-8")
    assert compiled.compiled(spec, TRIXIE, {})[0] == fresh(spec)
