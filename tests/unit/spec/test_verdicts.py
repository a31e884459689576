"""Verdicts: what check says of an environment for each kind of machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import HOUSE

from envwright.errors import EnvwrightError
from envwright.spec.sample_machines import KINDS, kinds
from envwright.spec.verdicts import verdicts

if TYPE_CHECKING:
    from pathlib import Path

LINUX = tuple(kind for kind in KINDS if not kind.endswith("-wsl"))
UNDER_WSL = tuple(kind for kind in KINDS if kind.endswith("-wsl"))
SHIPPED = {
    "ai-workstation": {*KINDS},
    "docker-workstation": {*KINDS},
    "go-workstation": {*KINDS},
    "quickstart": {*KINDS},
    "systems-workstation": {*KINDS},
    "web-workstation": {*KINDS},
    "wsl-workstation": {*UNDER_WSL},
}


def words(folder: Path, text: str) -> dict[str, tuple[str, ...]]:
    """The kinds by the verdict."""
    (folder / "box.yaml").write_text(f"name: box\n{text}", "utf-8")
    found = verdicts(str(folder / "box.yaml"), {}, tuple(KINDS))
    said = {verdict.word for verdict in found.each}
    return {word: tuple(v.kind for v in found.each if v.word == word) for word in sorted(said)}


def test_the_kinds_are_five_releases_with_and_without_wsl() -> None:
    assert tuple(KINDS) == (
        "debian-13",
        "debian-12",
        "ubuntu-26.04",
        "ubuntu-24.04",
        "ubuntu-22.04",
        "debian-13-wsl",
        "debian-12-wsl",
        "ubuntu-26.04-wsl",
        "ubuntu-24.04-wsl",
        "ubuntu-22.04-wsl",
    )
    assert [kind for kind, machine in KINDS.items() if machine.wsl] == list(UNDER_WSL)
    assert [kind for kind, machine in KINDS.items() if machine.unsupported] == []


def test_kinds_are_named_by_a_list_and_each_counts_once() -> None:
    assert kinds("debian-13, ubuntu-24.04-wsl,debian-13") == ("debian-13", "ubuntu-24.04-wsl")


@pytest.mark.parametrize("text", ["", "debian-13,", "Debian-13", "debian"])
def test_no_other_text_names_a_kind(text: str) -> None:
    with pytest.raises(EnvwrightError, match="there is no kind of machine"):
        kinds(text)


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (HOUSE / "environments").glob("*.yaml"))
)
def test_each_environment_of_the_house_is_good_for_the_kinds_that_it_is_for(name: str) -> None:
    found = verdicts(str(HOUSE / "environments" / f"{name}.yaml"), {}, tuple(KINDS))
    assert {v.kind for v in found.each if v.word == "good"} == SHIPPED[name]
    assert {v.kind for v in found.each if v.word == "not good"} == {*KINDS} - SHIPPED[name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("packages: [git]\n", {"good": (*LINUX, *UNDER_WSL)}),
        ("windows: {}\n", {"good": UNDER_WSL, "not good": LINUX}),
        ('mounts: {/mnt/d: {drive: "D:"}}\n', {"good": UNDER_WSL, "not good": LINUX}),
        (
            'mounts: {/mnt/d: {source: "D:", type: drvfs}}\n',
            {"good": UNDER_WSL, "not good": LINUX},
        ),
        (
            "user: {name: ann}\nmounts: {/home/ann/m: {type: tmpfs}}\n",
            {"not good": (*LINUX, *UNDER_WSL)},
        ),
        (
            (
                "user: {name: ann}\nfiles: {/srv/a: {directory: true, owner: ann}}\n"
                "mounts: {/srv/a: {type: tmpfs}}\n"
            ),
            {"good": (*LINUX, *UNDER_WSL)},
        ),
        ("nvidia: {}\n", {"not good": (*LINUX, *UNDER_WSL)}),
        ("docker: {}\nnvidia: {}\n", {"good": (*LINUX, *UNDER_WSL)}),
        ("docker: {users: [ann]}\n", {"assumes": (*LINUX, *UNDER_WSL)}),
        ("docker: {users: [www-data]}\n", {"good": (*LINUX, *UNDER_WSL)}),
        ("docker: {users: [ann]}\nuser: {name: ann}\n", {"good": (*LINUX, *UNDER_WSL)}),
        ("wsl: {user: {default: ann}}\n", {"assumes": (*LINUX, *UNDER_WSL)}),
        ("files: {/a: {content: x, owner: ann}}\n", {"assumes": (*LINUX, *UNDER_WSL)}),
        (
            "files: {/a: {content: x, owner: ann, group: ann}}\nuser: {name: ann}\n",
            {"good": (*LINUX, *UNDER_WSL)},
        ),
        (
            "docker: {}\nwsl: {boot: {systemd: false}}\n",
            {"good": LINUX, "not good": UNDER_WSL},
        ),
        (
            "windows: {wslconfig: {wsl2: {memory: 8GB}}}\nwsl: {interop: {enabled: false}}\n",
            {"not good": (*LINUX, *UNDER_WSL)},
        ),
        (
            "systemd: {cron.service: {enabled: true}}\nwsl: {boot: {systemd: false}}\n",
            {"good": (*LINUX, *UNDER_WSL)},
        ),
        ("files: {/etc/hosts: {content: x}}\n", {"good": LINUX, "not good": UNDER_WSL}),
        (
            "files: {/etc/hosts: {content: x}}\nwsl: {network: {generateHosts: false}}\n",
            {"good": (*LINUX, *UNDER_WSL)},
        ),
        ("files: {/etc/hostname: {content: x}}\n", {"good": LINUX, "not good": UNDER_WSL}),
        ("user: {name: ann, uid: 33}\n", {"not good": (*LINUX, *UNDER_WSL)}),
    ],
)
def test_what_plan_would_refuse_on_a_new_machine_is_not_called_good(
    text: str, expected: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    assert words(tmp_path, text) == expected
