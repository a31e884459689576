"""Files that WSL reads, as people really have them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from field_case import Place
    from machines.machine import Machine, NewMachine

FILE = "/mnt/c/Users/dev/.wslconfig"
REWRITTEN = (
    "error: HOST: WSL writes /etc/resolv.conf anew at each start of the distribution, so this "
    "would not last\n"
    "    wanted by files (box.yaml:2)\n"
    "hint: add `wsl: {network: {generateResolvConf: false}}`\n"
)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("wslconfig-semicolon", "[wsl2]\r\n;kernel=C:\\\\kernel\r\nmemory=8GB  # half of it\r\n"),
        (
            "wslconfig-key-above-its-section",
            "  memory=17825792000\n  [wsl2]\nmemory=8GB\n  [experimental]\n  [wsl2]\nswap=0\n",
        ),
        (
            "wslconfig-hyphen-in-a-section",
            "\ufeff[wsl2]\nmemory=8GB\n\n[system-distro-env]\nWESTON_RDP_HI_DPI_SCALING=true\n",
        ),
        ("wslconfig-small-letters", "[WSL2]\nMemory = 8GB\nprocessors=4"),
    ],
)
def test_the_memory_is_changed_where_wsl_reads_it_and_nothing_else(
    name: str, after: str, place: Place, wsl: Machine
) -> None:
    case = place(name, wsl)
    assert (case.run("plan").code, case.run("apply", "--yes").code) == (2, 3)
    assert base64.b64decode(wsl.sh(f"base64 {FILE}")).decode() == after
    plan, verify = case.run("plan"), case.run("verify")
    assert (plan.code, "Nothing to do" in plan.out, verify.code) == (3, True, 0)


def test_a_file_that_wsl_writes_is_refused_until_wsl_leaves_it_alone(
    place: Place, wsl: Machine
) -> None:
    case = place("wsl-writes-resolv-conf", wsl)
    said = case.run("plan")
    assert (said.code, said.err) == (1, REWRITTEN)
    assert case.run_here("check", "--for", "debian-13-wsl").code == 1
    wsl.sh("printf '[Network]\\r\\ngenerateResolvConf = False # mine\\r\\n' >>/etc/wsl.conf")
    assert case.run("plan").code == 2
    wsl.sh("printf '[boot]\\nsystemd=true\\n' >/etc/wsl.conf")
    text = (case.folder / "box.yaml").read_text("utf-8").partition("\n")[2]
    case.write(f"{text}wsl: {{network: {{generateResolvConf: false}}}}\n")
    assert case.run("plan").code == 2


def test_a_line_at_which_wsl_stops_reading_is_named(place: Place, wsl: Machine) -> None:
    case = place("wsl-conf-semicolon", wsl)
    said = case.run("plan")
    assert (said.code, said.err) == (
        1,
        (
            "error: HOST: /etc/wsl.conf cannot be edited safely: line 3: expected a letter, '[' or "
            "'#', not ';'; WSL reads nothing from here on\n"
            "    wanted by wsl (box.yaml:2)\n"
            "hint: nothing was changed\n"
        ),
    )
    wsl.sh("sed -i 's/^;/#/' /etc/wsl.conf")
    assert case.run("apply", "--yes", "--no-verify").code == 3
    assert wsl.sh("cat /etc/wsl.conf") == (
        "[boot]\nsystemd=true\n# who works here\n[user]\ndefault=root\n\n"
        "[interop]\nappendWindowsPath=false\n"
    )


def test_a_file_in_utf_16_keeps_its_encoding_and_its_other_keys(place: Place, wsl: Machine) -> None:
    case = place("wslconfig-in-utf-16", wsl)
    assert "wsl2.memory: 6GB -> 8GB" in case.run("plan").out
    assert case.run("apply", "--yes").code == 3
    data = base64.b64decode(wsl.sh(f"base64 {FILE}"))
    assert data == b"\xff\xfe" + "[wsl2]\r\nmemory=8GB\r\nswap=0\r\n".encode("utf-16-le")


def test_wsl_1_is_refused_at_once_by_every_verb(place: Place, new_machine: NewMachine) -> None:
    case = place("wsl-1", new_machine("debian13"))
    refused = (
        "error: HOST: this distribution runs under WSL 1, which has neither systemd nor "
        "containers\n"
        "hint: in Windows: wsl --set-version NAME 2\n"
    )
    for verb, options in {"plan": (), "apply": ("--yes",), "verify": ()}.items():
        said = case.run(verb, *options)
        assert (said.code, said.out, said.err) == (1, "", refused)
