"""hostname: the name of the machine, and how the machine resolves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, WSL

from envwright.model.resource import FileKey, Moment

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = "hostname: box.example.com\n"
HOST = '[ "$(uname -n)" = box.example.com ]'


def test_a_name_is_set_at_once_and_resolved_by_a_block_of_hosts(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION) == {
        "file:/etc/hostname": {
            "kind": "file",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            "content": "box.example.com\n",
        },
        "keys:/etc/hosts": {
            "kind": "file",
            FileKey("# hostname"): "127.0.1.1\tbox.example.com box\n",
        },
        "command:hostname": {"value": "box.example.com"},
    }
    assert states(tmp_path, "hostname: {name: box}\n")["keys:/etc/hosts"] == {
        "kind": "file",
        FileKey("# hostname"): "127.0.1.1\tbox\n",
    }


def test_under_wsl_the_name_holds_from_the_next_start_on(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, WSL)
    assert [(r.id, r.takes_effect, r.effect_check) for r in made.resources] == [
        ("keys:/etc/wsl.conf", Moment.DISTRIBUTION, HOST)
    ]
    assert states(tmp_path, SECTION, WSL)["keys:/etc/wsl.conf"][FileKey("network.hostname")] == (
        "box.example.com"
    )


@pytest.mark.parametrize("machine", [DEBIAN, WSL])
def test_each_plan_asks_whether_the_machine_resolves_its_name(
    tmp_path: Path, machine: Machine
) -> None:
    made = compile_section(tmp_path, SECTION, machine)
    assert [(p.name, p.quick) for p in made.proofs] == [("the machine resolves its own name", True)]
    assert ill_written(made) == []


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a..b", ".a", "a.", "a b", "ä", f"a{'b' * 64}"]
)
def test_what_is_no_name_of_a_host_is_refused(tmp_path: Path, name: str) -> None:
    assert len(refusals(tmp_path, f"hostname: '{name}'\n")) == 1


def test_wsl_conf_with_another_name_is_refused(tmp_path: Path) -> None:
    said = refusals(tmp_path, f"{SECTION}wsl: {{network: {{hostname: other}}}}\n", WSL)
    assert [line.replace(f"{tmp_path}/", "") for line in said] == [
        (
            "/etc/wsl.conf: hostname (box.yaml:2) wants network.hostname = 'box.example.com', "
            "wsl (box.yaml:3) wants 'other'\nhint: remove one of the two"
        )
    ]


@pytest.mark.parametrize(
    ("section", "checked"),
    [
        ("wsl: {boot: {systemd: true}}", True),
        ("wsl: {interop: {enabled: true}}", False),
    ],
)
def test_wsl_conf_is_in_effect_where_all_of_its_keys_are(
    tmp_path: Path, section: str, *, checked: bool
) -> None:
    made = compile_section(tmp_path, f"{SECTION}{section}\n", WSL)
    (file,) = (r for r in made.resources if r.id == "keys:/etc/wsl.conf")
    assert (HOST in file.effect_check, bool(file.effect_check)) == (checked, checked)
