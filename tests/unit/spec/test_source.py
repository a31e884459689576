"""A file that cannot be read, or is no text, is told with the reason."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from envwright.errors import EnvwrightError
from envwright.spec.document import read_document


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    with pytest.raises(EnvwrightError) as caught:
        read_document(path.name)
    return str(caught.value)


def test_a_missing_file_is_told_with_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: there is no such file\nhint: name an environment, a file of YAML"
    )
    (tmp_path / "quickstart.yaml").touch()
    assert refusal(tmp_path / "quikstart.yaml", monkeypatch) == (
        "quikstart.yaml: there is no such file; did you mean 'quickstart.yaml'?"
    )


def test_a_directory_is_told_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").mkdir()
    assert refusal(tmp_path / "environments", monkeypatch) == (
        "environments: this is a directory\nhint: name one of its files: none is a file of YAML"
    )
    for name in ("b.yml", "a.yaml", "c.txt"):
        (tmp_path / "environments" / name).touch()
    assert refusal(tmp_path / "environments", monkeypatch) == (
        "environments: this is a directory\nhint: name one of its files: a.yaml, b.yml"
    )


def test_a_file_without_read_permission_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)  # root, who may run this test, may read anything
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: you may not read this file\nhint: `ls -l x.yaml` shows who may read it"
    )


def test_other_failures_to_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.yaml").symlink_to("x.yaml")
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: the file cannot be read: Too many levels of symbolic links"
    )
    with pytest.raises(EnvwrightError) as caught:
        read_document("x\0.yaml")
    assert str(caught.value) == "x\0.yaml: the file cannot be read: embedded null byte"


def test_a_file_that_is_not_utf8_is_told_with_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_bytes(b"name: dev\ndescription: caf\xe9\n")
    assert refusal(tmp_path / "x.yaml", monkeypatch).splitlines() == [
        "x.yaml:2:17: the byte 0xe9 is not UTF-8",
        "    description: caf\ufffd",
        "                    ^",
        "hint: save the file as UTF-8; in Latin-1 this byte is 'é'",
    ]


def test_a_file_in_utf16_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.yaml").write_bytes("name: dev".encode("utf-16"))
    assert refusal(tmp_path / "x.yaml", monkeypatch) == (
        "x.yaml: the file is UTF-16, not UTF-8\n"
        "hint: save it as UTF-8; PowerShell 5 writes UTF-16 by '>'"
    )


def test_ten_megabytes_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_bytes(b"- a\n" * 2_621_440)
    start = time.perf_counter()
    said = refusal(tmp_path / "x.yaml", monkeypatch)
    assert time.perf_counter() - start < 0.1
    assert said == (
        "x.yaml: the file has 10.0 MiB; an environment has at most 1 MiB\n"
        "hint: name an environment, and put large contents into files of their own"
    )
