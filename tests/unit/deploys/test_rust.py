"""rust: toolchains by rustup, told by files alone, and programs by cargo's own list."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
rust:
  users: [dev]
  toolchain: "1.85"
  components: [rustfmt, rust-src]
  targets: [wasm32-unknown-unknown]
  also: {nightly-2026-11-01: {components: [miri]}}
  tools: [ripgrep@14.1.1]
  mirror: https://x.test/rust
"""
IDS = [
    "command:rust toolchain 1.85 of dev",
    "command:rust toolchain nightly-2026-11-01 of dev",
    "command:rust default of dev",
    "command:rust program ripgrep of dev",
]
TREE = ".rustup/toolchains/1.85-x86_64-unknown-linux-gnu"
PARTS = (
    "rustc-x86_64-unknown-linux-gnu\nrustfmt-preview-x86_64-unknown-linux-gnu\nrust-src\n"
    "rust-std-wasm32-unknown-unknown\n"
)


def command(tmp_path: Path, id_: str) -> Command:
    """Return one of the commands of the section."""
    made = compile_section(tmp_path, SECTION)
    (found,) = (each for each in made.resources if each.id == id_)
    assert isinstance(found, Command)
    return found


def script(text: str) -> str:
    """Return what the person runs, without the change of account that root alone can make."""
    (inner,) = re.findall(r"sh -c '(.*)' </dev/null", text, re.DOTALL)
    return str(inner).replace("'\"'\"'", "'")


def seen(tmp_path: Path, id_: str, **files: str) -> str:
    """Return what the plan's question says of a home of this computer with some files."""
    home = tmp_path / "home"
    home.mkdir()
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o755)
    run = ["sh", "-c", script(command(tmp_path, id_).observe)]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_toolchains_come_first_then_the_default_and_then_programs(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION)
    assert [id_ for id_ in found if id_.startswith("command:rust")] == IDS
    assert [found[id_] for id_ in IDS] == [{"value": "installed"}] * 4
    after = command(tmp_path, IDS[3]).after
    assert after == tuple(IDS[:2])
    assert "RUSTUP_DIST_SERVER=https://x.test/rust" in command(tmp_path, IDS[0]).run


BOTH = {f"{TREE}/bin/rustc": "", f"{TREE}/bin/cargo": ""}
LIST = f"{TREE}/lib/rustlib/components"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "missing"),
        ({f"{TREE}/bin/rustc": ""}, "missing"),
        (BOTH, "without rustfmt"),
        ({**BOTH, LIST: PARTS}, "installed"),
        ({**BOTH, LIST: PARTS.replace("rust-src\n", "")}, "without rust-src"),
        ({**BOTH, LIST: PARTS.replace("wasm32", "x")}, "without rust-std-wasm32-unknown-unknown"),
        ({**BOTH, LIST: PARTS.replace("fmt-preview", "fmt")}, "installed"),
    ],
)  # fmt: skip
def test_what_a_toolchain_has_is_told_by_files_alone(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    assert seen(tmp_path, IDS[0], **files) == said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "none"),
        ('version = "12"\ndefault_toolchain = "1.85-x86_64-unknown-linux-gnu"\n', "installed"),
        ('default_toolchain = "1.8-x86"\n', "1.8-x86"),
        ('[overrides]\n"/x" = "1.85-x86_64-unknown-linux-gnu"\n', "none"),
    ],
)  # fmt: skip
def test_the_default_is_what_rustup_keeps(tmp_path: Path, settings: str, said: str) -> None:
    assert seen(tmp_path, IDS[2], **{".rustup/settings.toml": settings}) == said


CRATES = ".cargo/.crates.toml"
CRATE = '"ripgrep 14.1.1 (registry+https://github.com/rust-lang/crates.io-index)" = ["rg"]\n'


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "missing"),
        ({CRATES: f"[v1]\n{CRATE}"}, "no program rg"),
        ({CRATES: f"[v1]\n{CRATE}", ".cargo/bin/rg": ""}, "installed"),
        ({CRATES: CRATE.replace("14.1.1", "14.1.10"), ".cargo/bin/rg": ""}, "missing"),
        ({CRATES: CRATE.replace('"rg"', '"rg", "rh"'), ".cargo/bin/rg": ""}, "no program rh"),
    ],
)  # fmt: skip
def test_a_program_is_there_where_cargo_and_its_folder_say_so(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    assert seen(tmp_path, IDS[3], **files) == said


VERSION = 'a version in quotes, "1.85" or "1.85.1", or a day\'s build, `nightly-2026-11-01`'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("toolchain: nightly", f"2:33: rust.toolchain must be {VERSION}, not text 'nightly'"),
        ('toolchain: "1"', f"2:33: rust.toolchain must be {VERSION}, not text '1'"),
        (
            'toolchain: "1.85", tools: [ripgrep]',
            "2:49: rust.tools[0] must be NAME@VERSION, as ripgrep@14.1.1, not text 'ripgrep'",
        ),
        (
            'toolchain: "1.85", components: ["a b"]',
            (
                "2:54: rust.components[0] must be small letters, digits, `-`, `_` and `.`, "
                "not text 'a b'"
            ),
        ),
        (
            'toolchain: "1.85", also: {"1.85": {}}',
            "2:56: 1.85 is the `toolchain` already",
        ),
    ],
)
def test_what_means_another_thing_tomorrow_is_refused(
    tmp_path: Path, fields: str, said: str
) -> None:
    assert refusals(tmp_path, f"rust: {{users: [dev], {fields}}}\n") == [said]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"codename": "bookworm", "release": "12"}, "debian 12 has no package rustup"),
        (
            {"architecture": "riscv64"},
            "envwright knows Rust's toolchains for amd64 and arm64, and not for riscv64",
        ),
    ],
)
def test_a_machine_without_rustup_or_toolchains_is_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    machine = replace(DEBIAN, **changes)  # type: ignore[arg-type] # texts alone
    assert refusals(tmp_path, SECTION, machine) == [f"2:1: {said}"]


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
