"""Laws 2 to 4 of DESIGN for the Windows side of a machine, on a stand-in for WSL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import Law2, drift
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine

RUN = (
    "run this in a Command Prompt that is run as administrator: powershell.exe -NoProfile "
    '-ExecutionPolicy Bypass -File "C:\\Users\\dev\\AppData\\Local\\envwright\\Debian.ps1"'
)
HIDDEN = "Windows shows this to administrators only"
SHARE = "\\\\wsl.localhost\\Debian\\opt"


@pytest.fixture(scope="module")
def bare(wsl: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    with workstation(wsl, law_environment("windows")) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    assert len(bare.plan().changes) == 9
    assert "failed" in {result.outcome for result in bare.verify()}
    bare.apply()
    return bare


def test_a_plan_is_one_round_trip(bare: Workstation) -> None:
    before = bare.session.round_trips
    bare.plan()
    assert bare.session.round_trips - before == 1


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    results = converged.verify()
    skipped = {r.id: r.reason for r in results if r.outcome == "skipped"}
    assert {r.outcome for r in results if r.id not in skipped} == {"passed"}
    # What an administrator has to do is not done, and said to be so.
    assert skipped == {
        "port 8080 of Windows leads to this distribution": RUN,
        "WSL has mounted data": RUN,
        "Microsoft Defender passes over what it should": f"{HIDDEN}: {RUN}",
        "the Hyper-V firewall lets in what it should": f"{HIDDEN}: {RUN}",
    }


class TestLaw2(Law2):
    """A second apply."""


def test_the_links_lead_where_they_should_by_windows_own_word(converged: Workstation) -> None:
    said = converged.machine.sh(
        "cd /mnt/c; /init Windows/System32/cmd.exe cmd.exe /c dir /AL 'C:\\codes'"
    )
    shown = [line.split(None, 3)[3] for line in said.splitlines() if "<" in line]
    assert shown == [
        f"<SYMLINK>      My notes.txt [{SHARE}\\notes.txt]",
        f"<SYMLINKD>     docker [{SHARE}\\docker]",
        "<SYMLINKD>     home [C:\\Users\\dev]",
    ]


def test_wslconfig_is_written_in_wsl_s_own_words(converged: Workstation) -> None:
    assert converged.machine.sh("cat /mnt/c/Users/dev/.wslconfig") == (
        "[wsl2]\n"
        "memory=8GB\n"
        "processors=64\n"
        "swap=0\n"
        'swapFile="C:\\\\Users\\\\dev\\\\swap.vhdx"\n'
        "loadKernelModules=tun,ip_tables\n"
        "networkingMode=nat\n"
        "dnsTunneling=true\n"
        "\n[general]\ninstanceIdleTimeout=-1\n"
        "\n[experimental]\nautoMemoryReclaim=dropCache\nignoredPorts=3000,9000\n"
    )


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged, "windows", "vscode") == []
