"""Sample machines, one of each kind, for which `check` compiles an environment."""

from __future__ import annotations

from envwright.facts import Account, Accounts, Machine

_ROOT = Accounts(
    users={"root": Account("root", 0, "root", "/root", "/bin/bash", ())},
    groups={"root": (0, ())},
)


def _machine(distro: str, release: str, codename: str, *, wsl: bool = False) -> Machine:
    return Machine(
        distro=distro,
        release=release,
        codename=codename,
        architecture="amd64",
        kernel="6.6.87.2-microsoft-standard-WSL2" if wsl else "6.12.0-amd64",
        wsl=wsl,
        distribution="Ubuntu-24.04" if wsl else "",
        booted=True,
        accounts=_ROOT,
    )


MACHINES = (
    _machine("debian", "13", "trixie"),
    _machine("ubuntu", "24.04", "noble"),
    _machine("ubuntu", "24.04", "noble", wsl=True),
)
