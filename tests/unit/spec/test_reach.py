"""What an environment runs and reads on the computer that runs envwright is known beforehand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from envwright.errors import SpecErrors
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.reach import LocalCommand, Reach
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from pathlib import Path


def reach(file: Path) -> Reach:
    return compile_environment(load(file, MACHINES[0]), MACHINES[0]).reach


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a folder of environments, and a file beside the repository."""
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "environments").mkdir()
    (tmp_path / "repository" / "motd").write_text("hello\n")
    (tmp_path / "elsewhere").write_text("other\n")
    return tmp_path / "repository"


def test_commands_and_files_elsewhere_are_named(repository: Path) -> None:
    file = repository / "environments" / "box.yaml"
    file.write_text("""\
name: box
secrets:
  one: {command: [pass, show, my token]}
  two: {file: ../../token}
  three: {env: TOKEN}
files:
  /etc/motd: {source: ../motd}
  /etc/issue: {source: ../../elsewhere}
""")
    folder = file.parent
    assert reach(file) == Reach(
        str(repository),
        (LocalCommand("one", ("pass", "show", "my token"), str(folder), f"{file}:3"),),
        (f"{folder}/../../elsewhere", f"{folder}/../../token"),
    )
    assert str(reach(file).commands[0]) == f"pass show 'my token'  (secret one, {file}:3)"


def test_without_a_repository_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "base.yaml").write_text("name: base\n")
    file = tmp_path / "inner" / "box.yaml"
    file.write_text("name: box\nextends: ../base.yaml\n")
    assert reach(file) == Reach(f"{tmp_path}/inner", (), (f"{tmp_path}/base.yaml",))


def test_a_link_out_of_the_repository_leads_outside(repository: Path) -> None:
    (repository / "link").symlink_to("../elsewhere")
    file = repository / "box.yaml"
    file.write_text("name: box\nfiles: {/etc/motd: {source: link}}\n")
    assert reach(file).outside == (f"{repository}/link",)


def test_a_folder_of_another_user_is_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert not Reach(str(tmp_path)).is_foreign()
    monkeypatch.setattr(os, "stat", lambda _: os.stat_result((0, 0, 0, 0, 4242, 0, 0, 0, 0, 0)))
    assert Reach(str(tmp_path)).is_foreign()
    monkeypatch.setenv("SUDO_UID", "4242")
    assert Reach(str(tmp_path)).is_foreign() == (owner != 0)


@pytest.mark.parametrize(
    "foreign",
    ["root:$6$salt$hash:19000:0:99999:7:::\n", "TOKEN=hunter22\0HOME=/root\0", "- [hunter22\n"],
)
def test_no_word_of_a_file_that_is_no_environment_is_shown(foreign: str, repository: Path) -> None:
    secret = repository.parent / "shadow"
    secret.write_text(foreign)
    file = repository / "box.yaml"
    file.write_text("name: box\nextends: ../shadow\n")
    with pytest.raises(SpecErrors) as caught:
        load(file, MACHINES[0])
    words = {word for word in foreign.replace("\0", " ").split() if len(word) > len("1234")}
    assert {word for word in words if word in str(caught.value)} == set()
    assert f"no text is shown of a file outside of {repository}" in str(caught.value)


def test_a_mistake_in_a_base_of_the_same_repository_is_shown(repository: Path) -> None:
    (repository / "base.yaml").write_text("name: base\ndokcer: {}\n")
    file = repository / "environments" / "box.yaml"
    file.write_text("name: box\nextends: ../base.yaml\n")
    with pytest.raises(SpecErrors) as caught:
        load(file, MACHINES[0])
    assert "there is no capability 'dokcer'; did you mean 'docker'?" in str(caught.value)
