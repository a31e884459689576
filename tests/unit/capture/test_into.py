"""A capture that is added to an environment: what the person wrote stays, and wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standins import DEBIAN

from envwright.capture.draft import Draft, Found
from envwright.capture.into import add
from envwright.errors import EnvwrightError
from envwright.model.capture import Item, LeftOut
from envwright.spec.environment import load
from envwright.spec.writing import unwritable

if TYPE_CHECKING:
    from pathlib import Path

MINE = """\
# My machine.
name: mine

user:
  name: dev   # me
packages: [tree]  # tools
systemd:
  # of mine
  apt-daily.timer: {masked: true}
# the end
"""


def added(
    folder: Path, text: str, *found: Found, secrets: tuple[str, ...] = ()
) -> tuple[str, Draft]:
    """Return what becomes of an environment, and the draft that was added."""
    file = folder / "box.yaml"
    file.write_text(text, "utf-8")
    draft = Draft(found, secrets=dict.fromkeys(secrets, "why"))
    return add(file, draft, DEBIAN, [[] for _ in draft.items]), draft


def test_what_is_new_comes_under_its_section_and_all_else_stays(tmp_path: Path) -> None:
    text, draft = added(
        tmp_path,
        MINE,
        Found("user", Item(("name",), "una")),
        Found("user", Item(("shell",), "/bin/sh", "passwd")),
        Found("packages", Item(("install",), "tree", listed=True)),
        Found("packages", Item(("install",), "jq", listed=True)),
        Found("systemd", Item(("cron.service", "enabled"), value=False)),
        Found("sysctl", Item(("vm.swappiness",), 10, "a\nfile")),
        secrets=("TOKEN",),
    )
    assert (
        text
        == """\
# My machine.
name: mine

user:
  name: dev   # me
  # passwd
  shell: /bin/sh
packages: [tree, jq] # tools
systemd:
  # of mine
  apt-daily.timer: {masked: true}
  cron.service:
    enabled: false
secrets:
  TOKEN:
    env: TOKEN
sysctl:
  # a\\nfile
  vm.swappiness: 10
# the end
"""
    )
    assert draft.left_out == set()


def test_a_second_time_changes_no_byte(tmp_path: Path) -> None:
    found = Found("sysctl", Item(("vm.swappiness",), 10, "why"))
    once, _ = added(tmp_path, MINE, found, secrets=("TOKEN",))
    assert added(tmp_path, once, found, secrets=("TOKEN",))[0] == once


def test_what_the_file_writes_in_another_form_is_told(tmp_path: Path) -> None:
    text, draft = added(tmp_path, MINE, Found("packages", Item(("hold",), "tree", listed=True)))
    reason = "the file writes 'packages' in another form: add it by hand"
    assert draft.left_out == {LeftOut("packages hold tree", reason)}
    assert text == MINE


def test_what_contradicts_the_environment_is_not_written(tmp_path: Path) -> None:
    said = "name: mine\npackages: {install: [jq]}\n"
    with pytest.raises(EnvwrightError) as raised:
        added(tmp_path, said, Found("packages", Item(("absent",), "jq", listed=True)))
    assert raised.value.hint == "capture into a new file, and take over by hand what you want"
    assert [path.name for path in tmp_path.iterdir()] == ["box.yaml"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet=st.sampled_from("ab{}%#\n\r\t '\"|>-:&*!\u2028\ufeff\x85"), max_size=30))
def test_every_text_of_a_machine_is_read_back(tmp_path: Path, content: str) -> None:
    found = Found("files", Item(("/etc/motd",), {"content": content}))
    if not unwritable(content):
        text, _ = added(tmp_path, MINE, found)
        (tmp_path / "after.yaml").write_text(text, "utf-8")
        values = load(tmp_path / "after.yaml", DEBIAN).values
        assert values["files"] == {"/etc/motd": {"content": content}}
