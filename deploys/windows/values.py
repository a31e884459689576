r"""Kinds of values that Windows and WSL accept, and the Windows path of a Linux path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from envwright.model.values import spelled

if TYPE_CHECKING:
    from envwright.facts import Machine

DISTRIBUTION = r"[A-Za-z0-9._-]+"
"""The names that a distribution may have (microsoft/WSL: src/windows/service)."""

# A path holds no character that cmd.exe interprets, quoted or not.
_NEVER = r"\\/:*?\"<>|&^%!();,=\x00-\x1f"
_NAME = rf"[^{_NEVER}]*[^{_NEVER} .]"
# Windows shows blanks before a link's name, and behind it in brackets where the link leads.
_LINK = rf"([^{_NEVER}\[\] ][^{_NEVER}\[\]]*)?[^{_NEVER}\[\] .]"
WindowsPath = Annotated[
    str,
    spelled(
        rf"^[A-Za-z]:(\\{_NAME})+$",
        r"a path of Windows like `C:\codes\docker`, without any of `&^%!();,=`",
    ),
]
LinkPath = Annotated[
    str,
    spelled(
        rf"^[A-Za-z]:(\\{_LINK})+$",
        r"a path of Windows like `C:\codes\docker`, without any of `[]&^%!();,=`",
    ),
]
LinuxPath = Annotated[
    str,
    spelled(
        rf"^(/{_NAME})+$",
        "a Linux path like `/opt/docker`, with nothing that Windows has in no name",
    ),
]
Text = Annotated[
    str,
    spelled(r"^[ -~]+$", "plain ASCII text on one line"),
]
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
Address = Annotated[
    str,
    spelled(rf"^{_OCTET}(\.{_OCTET}){{3}}$", "an IPv4 address like `10.255.255.254`"),
]
Port = Annotated[int, Field(ge=1, le=65535)]


def share(machine: Machine, path: str) -> str:
    r"""Return the Windows path of a Linux path: `\\wsl.localhost\Debian\opt\docker`."""
    return rf"\\wsl.localhost\{machine.distribution}" + path.replace("/", "\\")
