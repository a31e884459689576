"""Files that WSL writes: the script reads wsl.conf as the dialect does, which follows WSL."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import WSL

from envwright.model.capability import Objection
from envwright.portable.dialects.wslscan import scan
from envwright.resources.wslconf import WRITTEN, ignored, is_off, left_alone

if TYPE_CHECKING:
    from pathlib import Path

pieces = st.sampled_from(
    [
        "[network]", "[Network] # c", "[boot]", "[net-work]", "generateHosts", "GENERATEHOSTS",
        "hostname", "=", " = ", "false", "False", "0", "true", '"false"', "fal\\\nse", " ", "\t",
        "# c", ";", "\n", "\r\n", "\\", '"', "\\n", "\0", "\ufeff", "é", "\r",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=14).map("".join)
lines = st.lists(
    st.sampled_from(
        [
            "[network]", "[boot]", "generateHosts=false", "generatehosts = 0 # c", "x=1", "",
            'generateHosts="False"', "generateHosts=true", "generateHosts=false yes", "; c",
        ]
    ),
    max_size=6,
).map("\n".join)  # fmt: skip


def answer(folder: Path, text: str) -> bool:
    """What the script says of a text."""
    file = folder / "wsl.conf"
    file.write_bytes(text.encode())
    script = is_off("network.generateHosts", str(file))
    return subprocess.run(["sh", "-c", script], check=False).returncode == 0


def expected(text: str) -> bool:
    """What WSL takes: the first value, of those before a bad line."""
    found = scan(text, windows=False).assignments
    values = [a.value.lower() for a in found if a.name.lower() == "network.generatehosts"]
    return values[:1] in (["false"], ["0"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wslconf")


@settings(max_examples=rounds(300, 20_000), deadline=None)
@given(text=st.one_of(texts, lines))
def test_the_script_finds_what_the_dialect_finds(folder: Path, text: str) -> None:
    assert answer(folder, text) is expected(text)


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("[network]\ngenerateHosts = false\n", True),
        ("[network]\r\ngenerateHosts = False\r\n", True),
        ('[Network] # of Linux\ngeneratehosts="0" # mine', True),
        ("[boot]\ngenerateHosts = false\n", False),
        ("[network]\ngenerateHosts = true\ngenerateHosts = false\n", False),
        ("; a comment of other programs\n[network]\ngenerateHosts = false\n", False),
        ("\ufeff[network]\ngenerateHosts = false\n", False),
        ("", False),
    ],
)
def test_the_first_value_before_any_bad_line_counts(text: str, off: bool, folder: Path) -> None:  # noqa: FBT001 - a parameter of pytest
    assert (answer(folder, text), expected(text)) == (off, off)


def test_a_missing_file_ends_nothing(tmp_path: Path) -> None:
    script = is_off("network.generateHosts", str(tmp_path / "wsl.conf"))
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 1


@pytest.mark.parametrize(
    ("version", "old"),
    [("2.6.1.0", True), ("2.6.2.0", False), ("2.10.1.0", False), ("1.9.9", True), ("", False)],
)
def test_a_wsl_that_tells_an_older_version_would_ignore_the_key(version: str, old: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    machine = replace(WSL, wsl_version=version)
    objection = Objection(
        f"WSL knows automount.cgroups since version 2.6.2, and this machine's {version} would "
        "ignore it",
        "update WSL by `wsl --update` in Windows, or leave this out",
        ("cgroups",),
    )
    told = list(ignored("automount.cgroups", "2.6.2", machine, ("cgroups",)))
    assert told == [objection] * old


def test_the_refusal_names_the_key_that_ends_it() -> None:
    told = [(path, left_alone(path).hint, left_alone(path).unless) for path in WRITTEN]
    conf = "keys:/etc/wsl.conf"
    assert told == [
        (
            "/etc/hosts",
            "add `wsl: {network: {generateHosts: false}}`",
            f"{conf} network.generateHosts=false",
        ),
        (
            "/etc/resolv.conf",
            "add `wsl: {network: {generateResolvConf: false}}`",
            f"{conf} network.generateResolvConf=false",
        ),
        (
            "/etc/localtime",
            "add `wsl: {time: {useWindowsTimezone: false}}`",
            f"{conf} time.useWindowsTimezone=false",
        ),
        (
            "/etc/timezone",
            "add `wsl: {time: {useWindowsTimezone: false}}`",
            f"{conf} time.useWindowsTimezone=false",
        ),
        (
            "/etc/ld.so.conf.d/ld.wsl.conf",
            "add `wsl: {automount: {ldconfig: false}}`",
            f"{conf} automount.ldconfig=false",
        ),
    ]
