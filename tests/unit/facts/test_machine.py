"""The machine: on which systems an environment can be applied, by their own os-release."""

from __future__ import annotations

import pytest

from envwright.facts import Machine

ALPINE = """\
NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.22.1
PRETTY_NAME="Alpine Linux v3.22"
HOME_URL="https://alpinelinux.org/"
"""
FEDORA = """\
NAME="Fedora Linux"
VERSION="43 (WSL)"
RELEASE_TYPE=stable
ID=fedora
VERSION_ID=43
VERSION_CODENAME=""
PRETTY_NAME="Fedora Linux 43 (WSL)"
VARIANT_ID=wsl
"""
ARCH = 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n'
SUSE = 'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'
MINT = """\
NAME="Linux Mint"
VERSION="22.2 (Zara)"
ID=linuxmint
ID_LIKE="ubuntu debian"
VERSION_ID="22.2"
VERSION_CODENAME=zara
UBUNTU_CODENAME=noble
"""
KALI = 'NAME="Kali GNU/Linux"\nVERSION_ID="2026.3"\nID=kali\nID_LIKE=debian\n'
PI = 'NAME="Raspbian GNU/Linux"\nVERSION_ID="12"\nID=raspbian\nID_LIKE=debian\n'
UBUNTU = """\
PRETTY_NAME="Ubuntu 26.04 LTS"
NAME="Ubuntu"
VERSION_ID="26.04"
VERSION="26.04 LTS (Resolute Raccoon)"
VERSION_CODENAME=resolute
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=resolute
"""
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
HINT = "envwright works on Debian, Ubuntu and what is made of them"


def machine(release: str, architecture: str = "amd64", kernel: str = "6.12.0-amd64") -> Machine:
    fields = (release, architecture, kernel, "", "Ubuntu", "booted", "", "")
    return Machine.read("\0".join(fields).encode())


@pytest.mark.parametrize(
    ("release", "architecture", "told"),
    [
        (ALPINE, "", "this is alpine 3.22.1, without dpkg"),
        (FEDORA, "", "this is fedora 43, without dpkg"),
        (FEDORA, "amd64", "this is fedora 43, which is not made of Debian"),
        (ARCH, "amd64", "this is arch, which is not made of Debian"),
        (SUSE, "", "this is opensuse-tumbleweed, without dpkg"),
        ("", "", "this is a system without os-release, without dpkg"),
    ],
)
def test_a_system_that_is_not_made_of_debian_is_refused(
    release: str, architecture: str, told: str
) -> None:
    assert machine(release, architecture).unsupported == (told, HINT)


@pytest.mark.parametrize("release", [DEBIAN, UBUNTU, MINT, KALI, PI, ""])
def test_debian_ubuntu_and_what_is_made_of_them_are_taken(release: str) -> None:
    assert machine(release).unsupported is None


@pytest.mark.parametrize("kernel", ["4.4.0-19041-Microsoft", "4.4.0-26100-Microsoft"])
def test_wsl_1_is_refused_with_the_command_that_makes_it_wsl_2(kernel: str) -> None:
    assert machine(UBUNTU, kernel=kernel).unsupported == (
        "this distribution runs under WSL 1, which has neither systemd nor containers",
        "in Windows: wsl --set-version Ubuntu 2",
    )
