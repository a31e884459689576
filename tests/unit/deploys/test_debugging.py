"""debugging: gdb's settings, core dumps, servers of symbols, and who may trace whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.resources.file import File

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "# Written by envwright: change the environment, not this file.\n"
OWN = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
KERNEL = "/etc/sysctl.d/60-envwright-debugging.conf"
GDBINIT = "/etc/gdb/gdbinit.d/60-envwright.gdb"


def test_a_section_is_files_and_kernel_settings(tmp_path: Path) -> None:
    section = """\
debugging:
  gdb:
    history: 500
    safe_path: [~/src/mine, /opt/scripts]
    settings: {print pretty: true, print elements: 400, disassembly-flavor: intel}
  cores: {pattern: /var/tmp/core.%e.%p}
  ptrace: children
"""
    limits = f"{HEADER}* - core unlimited\nroot - core unlimited\n"
    kernel = "kernel.core_pattern = /var/tmp/core.%e.%p\n-kernel.yama.ptrace_scope = 1\n"
    assert states(tmp_path, section) == {
        "package:gdb": {},
        f"file:{GDBINIT}": {
            **OWN,
            "content": (
                f"{HEADER}set history save on\n"
                "set history filename ~/.gdb_history\n"
                "set history size 500\n"
                "add-auto-load-safe-path ~/src/mine\n"
                "add-auto-load-safe-path /opt/scripts\n"
                "set print pretty on\n"
                "set print elements 400\n"
                "set disassembly-flavor intel\n"
            ),
        },
        "file:/etc/security/limits.d/60-envwright-cores.conf": {**OWN, "content": limits},
        f"file:{KERNEL}": {**OWN, "content": kernel},
        "command:sysctl kernel.core_pattern": {"value": "/var/tmp/core.%e.%p"},
        "command:sysctl kernel.yama.ptrace_scope": {"value": "1"},
    }


def test_servers_of_symbols_are_one_variable_and_gdb_does_not_ask(tmp_path: Path) -> None:
    section = "{gdb: {}, debuginfod: ['https://one.example.com', 'https://two.example.com/d']}"
    made = compile_section(tmp_path, f"debugging: {section}\n")
    files = {each.path: each.content for each in made.resources if isinstance(each, File)}
    both = "https://one.example.com https://two.example.com/d"
    variables = files["/etc/environment.d/61-envwright-debuginfod.conf"]
    assert variables == f'{HEADER}DEBUGINFOD_URLS="{both}"\n'
    assert files[GDBINIT].splitlines()[1] == "set debuginfod enabled on"


@pytest.mark.parametrize(("word", "value"), [("own", "0"), ("children", "1"), ("root", "2")])
def test_who_may_trace_is_a_number_of_yama(tmp_path: Path, word: str, value: str) -> None:
    assert states(tmp_path, f"debugging: {{ptrace: {word}}}\n") == {
        f"file:{KERNEL}": {**OWN, "content": f"-kernel.yama.ptrace_scope = {value}\n"},
        "command:sysctl kernel.yama.ptrace_scope": {"value": value},
    }


@pytest.mark.parametrize("path", ["/", "'~'", "'~/'"])
def test_a_folder_with_every_checkout_in_it_is_not_to_be_trusted(tmp_path: Path, path: str) -> None:
    (said,) = refusals(tmp_path, f"debugging: {{gdb: {{safe_path: [{path}]}}}}\n")
    assert "would have gdb run scripts of every checkout and archive" in said


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("{gdb: {safe_path: [src]}}", "debugging.gdb.safe_path[0]"),
        ("{gdb: {safe_path: ['~other/src']}}", "debugging.gdb.safe_path[0]"),
        ("{gdb: {safe_path: ['/srv/../etc']}}", "debugging.gdb.safe_path[0]"),
        ("{gdb: {safe_path: ['/srv:/']}}", "debugging.gdb.safe_path[0]"),
        ("{gdb: {settings: {'print pretty\\nshell id': true}}}", "debugging.gdb.settings"),
        ("{gdb: {settings: {prompt: 'more\\'}}}", "debugging.gdb.settings.prompt"),
        ("{gdb: {history: 0}}", "debugging.gdb.history"),
        ("{cores: {pattern: '|/usr/bin/tee'}}", "debugging.cores.pattern"),
        ("{cores: {pattern: '/var/tmp/'}}", "debugging.cores.pattern"),
        ("{cores: {pattern: 'core.%x'}}", "debugging.cores.pattern"),
        ("{ptrace: nobody}", "debugging.ptrace"),
        ("{debuginfod: [files.example.com]}", "debugging.debuginfod[0]"),
    ],
)
def test_what_no_reader_takes_is_refused_by_its_key(tmp_path: Path, section: str, key: str) -> None:
    (said,) = refusals(tmp_path, f"debugging: {section}\n")
    assert key in said


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    section = (
        "{gdb: {safe_path: [/srv/x]}, cores: {pattern: core}, ptrace: own, "
        "debuginfod: ['https://one.example.com']}"
    )
    assert ill_written(compile_section(tmp_path, f"debugging: {section}\n")) == []
