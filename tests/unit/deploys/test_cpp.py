"""cpp: compilers by version from apt, the one that cc starts, and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.resource import FileKey

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        (
            "{gcc: 14, tools: [ninja, gdb]}",
            {
                "package:gcc-14": {},
                "package:g++-14": {},
                "package:ninja-build": {},
                "package:gdb": {},
                "command:alternative cc": {"value": "manual /usr/bin/gcc-14"},
                "command:alternative c++": {"value": "manual /usr/bin/g++-14"},
            },
        ),
        (
            "{clang: 19}",
            {
                "package:clang-19": {},
                "package:libclang-rt-19-dev": {},
                "command:alternative cc": {"value": "manual /usr/bin/clang-19"},
                "command:alternative c++": {"value": "manual /usr/bin/clang++-19"},
            },
        ),
        (
            "{ccache: 20Gi}",
            {
                "package:ccache": {},
                "keys:/etc/ccache.conf": {"kind": "file", FileKey("max_size"): "20Gi"},
            },
        ),
        ("{gcc: 13, cc: keep}", {"package:gcc-13": {}, "package:g++-13": {}}),
        (
            "{gcc: 13, clang: 19, cc: clang}",
            {
                "package:gcc-13": {},
                "package:g++-13": {},
                "package:clang-19": {},
                "package:libclang-rt-19-dev": {},
                "command:alternative cc": {"value": "manual /usr/bin/clang-19"},
                "command:alternative c++": {"value": "manual /usr/bin/clang++-19"},
            },
        ),
    ],
)
def test_a_section_is_its_packages_and_what_cc_starts(
    tmp_path: Path, section: str, wanted: dict[str, object]
) -> None:
    assert states(tmp_path, f"cpp: {section}\n") == wanted


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_cc_is_a_compiler_with_a_version(tmp_path: Path, cc: str) -> None:
    (said,) = refusals(tmp_path, f"cpp: {{cc: {cc}}}\n")
    assert said.endswith(f"cc is {cc}, and no version is given: add `{cc}: VERSION`")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{gcc: '14'}", "cpp.gcc"),
        ("{gcc: 14.2}", "cpp.gcc"),
        ("{clang: 14}", "cpp.clang"),
        ("{tools: [conan]}", "cpp.tools"),
        ("{cc: tcc}", "cpp.cc"),
        ("{ccache: 20}", "cpp.ccache"),
        ("{ccache: '20G; rm'}", "cpp.ccache"),
    ],
)
def test_what_is_no_version_or_tool_is_refused_by_its_key(
    tmp_path: Path, section: str, said: str
) -> None:
    (refusal,) = refusals(tmp_path, f"cpp: {section}\n")
    assert said in refusal


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "cpp: {gcc: 14, clang: 19, ccache: 1T, tools: [cmake, gdb]}\n")
    assert ill_written(made) == []
