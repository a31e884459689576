"""windows.script: PowerShell that parses, in which every value stays a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import powershell
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sections import compile_section, ill_written, refusals
from standins import WSL

from envwright.model.catalogue import discover
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.link import WindowsLink

if TYPE_CHECKING:
    from pathlib import Path

ALL = r"""windows:
  links:
    C:\codes\O'BrienQs {x}: {to: /opt/docker}
    C:\n.txt: {target: 'C:\$x `n', file: true}
    C:\old: {absent: true}
  script:
    defender: {reason: "it's slow", paths: ['D:\a b'], processes: [go.exe]}
    ports:
      - {listen: 8080, connect: 80}
      - {listen: 22, address: 192.168.1.5, profiles: [public]}
    firewall: {web server: {ports: [80, 443]}, dns: {ports: [53], protocol: UDP}}
    disks:
      data: {vhd: 'C:\d e.vhdx', options: acl}
      raw: {disk: '\\.\PHYSICALDRIVE2', type: btrfs, partition: 1}
""".replace("Q", "\u2019")
CALLS = r"""
$distribution = 'Ubuntu-24.04'
Set-Link 'C:\codes' 'O''BrienQQs {x}' '\\wsl.localhost\Ubuntu-24.04\opt\docker' $true
Set-Link 'C:\' 'n.txt' 'C:\$x `n' $false
Write-Output 'Microsoft Defender passes over some places: it''s slow'
$folders = @('D:\a b')
Set-PortProxy '0.0.0.0' 8080 80 @('domain', 'private')
Set-PortProxy '192.168.1.5' 22 22 @('public')
Set-FirewallRule 'web server' 'TCP' @('80', '443')
Set-FirewallRule 'dns' 'UDP' @('53')
    wsl.exe --mount 'C:\d e.vhdx' '--vhd' '--name' 'data' '--type' 'ext4' '--options' 'acl'
Write-Output 'mounted: data'
    wsl.exe --mount '\\.\PHYSICALDRIVE2' '--name' 'raw' '--type' 'btrfs' '--partition' '1'
Write-Output 'mounted: raw'
""".replace("Q", "\u2019")
OWN = {"Test-Link", "Set-Link", "Set-PortProxy", "Set-FirewallRule"}
CMDLETS = {
    "Get-Item",
    "New-Item",
    "Get-ChildItem",
    "Where-Object",
    "Out-Null",
    "Write-Output",
    "Get-MpPreference",
    "Add-MpPreference",
    "Get-NetFirewallRule",
    "Set-NetFirewallRule",
    "New-NetFirewallRule",
    "Get-NetFirewallHyperVRule",
    "Set-NetFirewallHyperVRule",
    "New-NetFirewallHyperVRule",
}


def script_of(section: dict[str, Any]) -> str:
    """The script of a section that is no file of YAML."""
    made = discover()["windows"].model_validate(section)
    (file,) = [r for r in made.resources(WSL) if isinstance(r, WindowsFile)]
    return file.content


def written(folder: Path, text: str) -> str:
    (file,) = [
        r for r in compile_section(folder, text, WSL).resources if isinstance(r, WindowsFile)
    ]
    assert file.name == r"%LOCALAPPDATA%\envwright\Ubuntu-24.04.ps1"
    return file.content


def test_all_of_it_parses_and_calls_no_more_than_it_must(tmp_path: Path) -> None:
    root = powershell.parse(written(tmp_path, ALL))
    programs = {"cmd.exe", "netsh.exe", "wsl.exe"}
    assert powershell.commands(root) == OWN | CMDLETS | programs


def test_what_is_wanted_stands_in_it_line_by_line(tmp_path: Path) -> None:
    text = written(tmp_path, ALL)
    wanted = CALLS.strip("\n").splitlines()
    assert [line for line in text.splitlines() if line in wanted] == wanted


@pytest.mark.parametrize(
    ("section", "commands"),
    [
        ("script: {}", set()),
        ("script: {firewall: {web: {ports: [80]}}}", {"Set-FirewallRule", "Write-Output"}),
        ("script: {disks: {d: {vhd: 'C:\\d.vhdx'}}}", {"wsl.exe", "Write-Output"}),
    ],
)
def test_it_has_no_more_than_was_asked_for(
    tmp_path: Path, section: str, commands: set[str]
) -> None:
    hyper_v = {name for name in CMDLETS if "HyperV" in name} | {"Out-Null"}
    used = commands | (hyper_v if "firewall" in section else set())
    assert (
        powershell.commands(powershell.parse(written(tmp_path, f"windows: {{{section}}}\n")))
        == used
    )


def test_windows_powershell_is_told_that_it_is_utf_8_and_asked_for_an_administrator(
    tmp_path: Path,
) -> None:
    first, second, *_ = written(tmp_path, ALL).splitlines()
    assert (first, second) == (
        "\ufeff#Requires -RunAsAdministrator",
        "# Written by envwright: change the environment, not this file.",
    )


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_no_reason_gets_out_of_its_literal(reason: str) -> None:
    text = script_of({"script": {"defender": {"reason": reason}}})
    root = powershell.parse(text)
    said = [text for text in powershell.literals(root) if text.startswith("Microsoft Defender")]
    assert said == [f"Microsoft Defender passes over some places: {reason}"]
    calm = powershell.parse(script_of({"script": {"defender": {"reason": "x"}}}))
    assert powershell.commands(root) == powershell.commands(calm)


# Every quote that PowerShell knows, and what means something outside of a literal.
QUOTES = "'\u2018\u2019\u201a\u201b\u201c\u201d\u201e"
PARTS = st.text(QUOTES + "ab $`{}[]@#~+-.\xdf\u0436", min_size=1).map(lambda name: f"{name}x")


@given(PARTS)
def test_no_path_gets_out_of_its_literal(name: str) -> None:
    # Windows shows brackets behind a link's name: they are in no such name.
    link = "x" + name.replace("[", "").replace("]", "")
    section = {"links": {f"C:\\{link}": {"target": f"C:\\to\\{name}"}}, "script": {}}
    line = script_of(section).splitlines()[-1]
    assert spoken(line) == ["Set-Link", "C:\\", link, f"C:\\to\\{name}", "$true"]


def spoken(line: str) -> list[str]:
    """Cut a line as PowerShell's tokenizer does: any single quote ends a literal, two are one."""
    found, quotes = [""], QUOTES[:5]
    inside, characters = False, iter([*line, ""])
    here = next(characters)
    while here:
        after = next(characters)
        if here in quotes and inside and after and after in quotes:
            found[-1] += after
            after = next(characters)
        elif here in quotes:
            inside = not inside
        elif here == " " and not inside:
            found.append("")
        else:
            found[-1] += here
        here = after
    return found


def test_links_say_which_script_makes_them_where_there_is_one(tmp_path: Path) -> None:
    def scripts(section: str) -> list[tuple[str, bool]]:
        text = f"windows:\n  links: {{'C:\\x': {{to: /opt}}}}\n{section}"
        made = compile_section(tmp_path, text, WSL).resources
        return [(r.script, bool(r.advice)) for r in made if isinstance(r, WindowsLink)]

    file = r"%LOCALAPPDATA%\envwright\Ubuntu-24.04.ps1"
    assert scripts("  script: {}\n") == [(file, False)]
    assert scripts("  script: {links: false}\n") == [("", True)]
    assert scripts("") == [("", True)]


def test_its_effects_are_proved_and_the_proofs_are_well_written(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "windows:\n  script" + ALL.partition("  script")[2], WSL)
    assert [proof.name for proof in made.proofs] == [
        "Windows calls this distribution Ubuntu-24.04",
        "port 8080 of Windows leads to this distribution",
        "port 22 of Windows leads to this distribution",
        "WSL has mounted data",
        "WSL has mounted raw",
        "Microsoft Defender passes over what it should",
        "the Hyper-V firewall lets in what it should",
    ]
    assert [proof.name for proof in made.proofs if proof.script in ill_written_proofs(made)] == []


def ill_written_proofs(made: Any) -> list[str]:
    """Resources of Windows cannot be written without a machine; their proofs can be read."""
    made = type(made)(made.name, (), made.proofs, made.requirements)
    return ill_written(made)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("{firewall: {'*': {ports: [80]}}}", "letters, digits, blanks"),
        ("{firewall: {web: {ports: []}}}", "a non-empty list of integers"),
        ("{firewall: {web: {ports: [65536]}}}", "65535"),
        ("{disks: {d: {}}}", "exactly one of 'disk' and 'vhd'"),
        ("{disks: {a/b: {vhd: 'C:\\d.vhdx'}}}", "letters, digits, `_` and `-`"),
        ("{disks: {d: {disk: 'C:\\d.vhdx'}}}", "a disk like"),
        ("{disks: {d: {vhd: 'C:\\d.vhdx', options: 'ro; x'}}}", "options with commas"),
        ("{defender: {paths: ['C:\\x']}}", "'reason'"),
        ("{defender: {reason: r, paths: ['C:\\*']}}", "a path of Windows like"),
        ("{defender: {reason: r, processes: ['*']}}", "a program's name like"),
        ('{defender: {reason: "r\\n; x"}}', "plain ASCII text on one line"),
        ("{ports: [{listen: 80, address: '0.0.0.0 x'}]}", "an IPv4 address"),
        ("{ports: [{listen: 80}, {listen: 80, connect: 81}]}", "'ports' has 0.0.0.0:80 twice"),
    ],
)
def test_what_must_not_stand_in_a_script_is_refused(
    tmp_path: Path, script: str, fault: str
) -> None:
    (said,) = refusals(tmp_path, f"windows: {{script: {script}}}\n", WSL)
    assert fault in said
