"""extra: one idea for the keys that a program knows and a section does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sections import refusals, states
from standins import WSL

from envwright.model.extra import flat, refuse_typed
from envwright.model.resource import FileKey

if TYPE_CHECKING:
    from pathlib import Path

GO = 'go: {version: "1.27.3", users: [root], env: {'


def test_keys_of_sections_are_named_by_both() -> None:
    assert flat({"boot": {"a": 1, "b": True}, "x": {}}) == {"boot.a": 1, "boot.b": True}


def test_a_typed_key_is_found_whatever_its_case_where_the_program_ignores_case() -> None:
    refuse_typed(["Boot.New"], ["boot.systemd"], str.lower)
    refuse_typed(["SYSTEMD"], ["systemd"])
    with pytest.raises(ValueError, match=r"'BOOT\.systemd'.*as boot\.Systemd"):
        refuse_typed(["a.b", "BOOT.systemd"], ["boot.Systemd"], str.lower)


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        (
            "wsl: {extra: {boot: {newKey: true}, other: {limit: 5}}, boot: {systemd: true}}\n",
            "keys:/etc/wsl.conf",
            {"boot.systemd": True, "boot.newKey": True, "other.limit": 5},
        ),
        (
            "windows: {wslconfig: {wsl2: {memory: 8GB}, extra: {wsl2: {newKey: a b}}}}\n",
            "windows-keys:.wslconfig",
            {"wsl2.memory": "8GB", "wsl2.newKey": "a b"},
        ),
        (
            f"{GO}GOPROXY: direct, extra: {{GONEW: x}}}}}}\n",
            "keys:/root/.config/go/env",
            {"GOPROXY": "direct", "GONEW": "x"},
        ),
        (
            "docker: {daemon: {extra: {new-key: 5}}}\n",
            "keys:/etc/docker/daemon.json",
            {
                "new-key": 5,
                "log-driver": "json-file",
                "log-opts/max-size": "10m",
                "log-opts/max-file": "3",
            },
        ),
    ],
)
def test_a_key_under_extra_is_written_beside_the_others(
    text: str, resource: str, expected: dict[str, Any], tmp_path: Path
) -> None:
    wanted = states(tmp_path, text, WSL)[resource]
    assert {
        key.name: value for key, value in wanted.items() if isinstance(key, FileKey)
    } == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "wsl: {extra: {Boot: {SYSTEMD: true}}}\n",
            "2:6: 'extra' has 'Boot.SYSTEMD': write it beside 'extra', as boot.systemd",
        ),
        (
            "windows: {wslconfig: {extra: {experimental: {networkingMode: nat}}}}\n",
            (
                "2:22: 'extra' has 'experimental.networkingMode': write it beside 'extra', as "
                "wsl2.networkingMode"
            ),
        ),
        (
            f"{GO}extra: {{GOPROXY: direct}}}}}}\n",
            "2:45: 'extra' has 'GOPROXY': write it beside 'extra', as GOPROXY",
        ),
        (
            "docker: {daemon: {extra: {mtu: 1400}}}\n",
            "2:18: 'extra' has 'mtu': write it beside 'extra', as mtu",
        ),
        (
            "wsl: {extra: {boot: {new-key: true}}}\n",
            (
                "2:22: the key 'new-key' of wsl.extra.boot must be a name of letters and digits, a "
                "letter first"
            ),
        ),
    ],
)
def test_what_extra_does_not_take_is_told(text: str, told: str, tmp_path: Path) -> None:
    assert refusals(tmp_path, text, WSL) == [told]
