"""The Windows side: what it compiles to, and what it does not take."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args, get_origin

import pytest

from envwright.errors import SpecErrors, UnfitError
from envwright.model.catalogue import discover
from envwright.model.resource import Moment
from envwright.resources.windows.keys import WindowsKeys
from envwright.resources.windows.link import WindowsLink
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from envwright.spec.compiler import Compiled

WSL = replace(MACHINES[0], wsl=True, distribution="Ubuntu-24.04")
KEYS = {
    "wsl2": {
        "bool": """
            loadDefaultKernelModules localhostForwarding dnsTunneling dnsProxy firewall autoProxy
            ipv6 dhcp nestedVirtualization hardwarePerformanceCounters guiApplications gpuSupport
            debugConsole earlyBootLogging telemetry safeMode virtiofs virtio9p virtio
            hostFileSystemAccess isolateDistroCgroup
        """,
        "int": """
            processors dhcpTimeout vmIdleTimeout kernelDebugPort maxCrashDumpCount
            kernelBootTimeout distributionStartTimeout mountDeviceTimeout
        """,
        "str": """
            swapFile kernel kernelModules kernelCommandLine macAddress vmSwitch
            debugConsoleLogFile crashDumpFolder systemDistro
        """,
        "str | int": "memory swap defaultVhdSize",
        "list[str]": "loadKernelModules",
        "none nat mirrored consomme virtioproxy bridged": "networkingMode",
    },
    "general": {"int": "instanceIdleTimeout", "str": "distributionInstallPath"},
    "experimental": {
        "bool": "sparseVhd hostAddressLoopback bestEffortDnsParsing virtioFsAggregateShares",
        "int": "initialAutoProxyTimeout",
        "str": "dnsTunnelingIpAddress",
        "str | int": "swiotlb",
        "list[int]": "ignoredPorts",
        "disabled gradual dropCache": "autoMemoryReclaim",
    },
}
LINUX = replace(MACHINES[0], wsl=False, distribution="")


def compiled(folder: Path, section: str, machine: object = WSL) -> Compiled:
    file = folder / "x.yaml"
    file.write_text(f"name: x\nwindows:\n{section}")
    return compile_environment(load(file, machine), machine)  # type: ignore[arg-type]


def test_wslconfig_becomes_keys_that_are_felt_after_a_shutdown(tmp_path: Path) -> None:
    section = (
        "  wslconfig:\n"
        "    wsl2: {memory: 8GB, swap: 0, swapFile: 'C:\\s.vhdx', loadKernelModules: [a, b]}\n"
        "    general: {instanceIdleTimeout: -1}\n"
        "    experimental: {ignoredPorts: [80, 443], dnsTunnelingIpAddress: 10.0.0.1}\n"
    )
    (keys,) = compiled(tmp_path, section).resources
    assert isinstance(keys, WindowsKeys)
    assert keys.takes_effect is Moment.VM
    assert keys.keys == {
        "wsl2.memory": "8GB",
        "wsl2.swap": 0,
        "wsl2.swapFile": "C:\\s.vhdx",
        "wsl2.loadKernelModules": "a,b",
        "general.instanceIdleTimeout": -1,
        "experimental.ignoredPorts": "80,443",
        "experimental.dnsTunnelingIpAddress": "10.0.0.1",
    }


def kind(annotation: object) -> str:
    """Spell the type of a key: words as themselves, limits and None left out."""
    if get_origin(annotation) is Annotated:
        return kind(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return " ".join(get_args(annotation))
    if get_origin(annotation) is list:
        return f"list[{kind(get_args(annotation)[0])}]"
    if isinstance(annotation, type):
        return annotation.__name__
    kinds = [kind(part) for part in get_args(annotation) if part is not type(None)]
    return " | ".join(kinds)


def test_every_key_of_wslconfig_has_wsl_s_own_name_section_and_type() -> None:
    """As in src/windows/common/WslCoreConfig.cpp of microsoft/WSL, aliases left out."""
    model = discover()["windows"].model_fields["wslconfig"].annotation
    keys = {
        f"{section}.{field.alias}": kind(field.annotation)
        for section, part in model.model_fields.items()  # type: ignore[union-attr]
        if section != "extra"
        for field in part.annotation.model_fields.values()
    }
    assert keys == {
        f"{section}.{key}": type_
        for section, types in KEYS.items()
        for type_, names in types.items()
        for key in names.split()
    }


def test_a_link_leads_to_the_distribution_by_its_name(tmp_path: Path) -> None:
    section = (
        "  links:\n"
        "    C:\\codes\\docker: {to: /opt/docker}\n"
        "    C:\\n.txt: {to: /opt/n.txt, file: true}\n"
        "    C:\\home: {target: 'D:\\my home'}\n"
        "    C:\\old: {absent: true}\n"
    )
    links = [r for r in compiled(tmp_path, section).resources if isinstance(r, WindowsLink)]
    share = "\\\\wsl.localhost\\Ubuntu-24.04\\opt"
    assert [(r.path, r.target, r.linux, r.directory, r.present) for r in links] == [
        ("C:\\codes\\docker", f"{share}\\docker", "/opt/docker", True, True),
        ("C:\\n.txt", f"{share}\\n.txt", "/opt/n.txt", False, True),
        ("C:\\home", "D:\\my home", "", True, True),
        ("C:\\old", "", "", True, False),
    ]


@pytest.mark.parametrize(
    ("mode", "said", "code"),
    [
        ("virtioproxy", "virtioproxy", 0),
        ("virtioproxy", "consomme", 0),
        ("consomme", "virtioproxy", 0),
        ("virtioproxy", "nat", 1),
        ("mirrored", "mirrored", 0),
        ("mirrored", "nat", 1),
        ("nat", "consomme", 1),
        ("nat", "", 1),
    ],
)
def test_the_networking_mode_goes_by_either_of_its_names(
    mode: str, said: str, code: int, tmp_path: Path
) -> None:
    section = f"  wslconfig: {{wsl2: {{networkingMode: {mode}}}}}\n"
    (proof,) = compiled(tmp_path, section).proofs
    script = f"wslinfo() {{ echo '{said}'; }}\n{proof.script}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, f"{said}\n")


@pytest.mark.parametrize(
    ("machine", "refusal"),
    [
        (
            LINUX,
            "this environment has a Windows side, and this machine does not run under WSL",
        ),
        (
            replace(WSL, distribution=""),
            "`windows` needs the name of this distribution in Windows, which is not known",
        ),
    ],
)
def test_where_there_is_no_windows_it_is_refused(
    tmp_path: Path, machine: object, refusal: str
) -> None:
    with pytest.raises(UnfitError) as refused:
        compiled(tmp_path, "  links: {'C:\\x': {to: /opt}}\n", machine)
    assert [(error.line, error.summary) for error in refused.value.errors] == [(2, refusal)]


def test_the_shipped_environment_has_all_of_it_and_is_refused_where_no_windows_is() -> None:
    path = Path(__file__).parents[3] / "environments" / "wsl-workstation.yaml"
    there = compile_environment(load(path, WSL), WSL)
    ours = [r.id for r in there.resources if r.origins[0].capability == "windows"]
    folder = "windows-file:%LOCALAPPDATA%"
    assert ours == [
        "windows-keys:.wslconfig",
        rf"{folder}\Microsoft\Windows Terminal\Fragments\envwright\Ubuntu-24.04.json",
        rf"{folder}\envwright\Ubuntu-24.04.ps1",
        r"windows-link:C:\codes\projects",
    ]
    with pytest.raises(UnfitError) as refused:
        compile_environment(load(path, LINUX), LINUX)
    reason = "this environment has a Windows side, and this machine does not run under WSL"
    assert [error.summary for error in refused.value.errors] == [reason]


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("  links: {'C:\\a&b': {to: /opt}}\n", "a path of Windows like"),
        ("  links: {'C:\\a\\..': {to: /opt}}\n", "a path of Windows like"),
        ("  links: {'C:\\a [b]': {to: /opt}}\n", "without any of `[]&^%!();,=`"),
        ("  links: {'C:\\a]\\b': {to: /opt}}\n", "without any of `[]&^%!();,=`"),
        ("  links: {'C:\\ a': {to: /opt}}\n", "a path of Windows like"),
        ("  links: {'C:\\a.': {to: /opt}}\n", "a path of Windows like"),
        ("  links: {'\\\\server\\x': {to: /opt}}\n", "a path of Windows like"),
        ("  links: {'C:\\a': {to: /opt/%x%}}\n", "a Linux path"),
        ("  links: {'C:\\a': {to: /opt, target: 'C:\\b'}}\n", "exactly one of"),
        ("  wslconfig: {wsl2: {memory: 8gb}}\n", "a whole number with B, KB, MB, GB or TB"),
        ("  wslconfig: {wsl2: {memry: 8GB}}\n", "did you mean 'memory'?"),
        ("  wslconfig: {wsl2: {memory: 00GB}}\n", "a whole number with B, KB, MB, GB or TB"),
        (
            "  wslconfig: {wsl2: {hostAddressLoopback: true}}\n",
            (
                "windows.wslconfig.wsl2 has no key 'hostAddressLoopback'; "
                "windows.wslconfig.experimental has it"
            ),
        ),
        ("  wslconfig: {wsl2: {macAddress: '5c:bb-f6:9e:ee:fa'}}\n", "a MAC address like"),
        ("  wslconfig: {experimental: {dnsTunnelingIpAddress: 10.0.0.256}}\n", "an IPv4 address"),
        ("  wslconfig: {wsl2: {swapFile: s.vhdx}}\n", "a path of Windows like"),
        ("  wslconfig: {experimental: {ignoredPorts: [0]}}\n", "ignoredPorts"),
    ],
)
def test_what_windows_or_wsl_would_not_take_is_refused(
    tmp_path: Path, section: str, words: str
) -> None:
    with pytest.raises(SpecErrors) as refused:
        compiled(tmp_path, section)
    assert words in refused.value.message
