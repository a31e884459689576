"""check is honest: what it calls good, plan does not refuse on such a machine; and the reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from box import Box

from envwright.spec.verdicts import verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from field_case import Place
    from machines.machine import Machine

STACK = "compose: {a: {content: {services: {web: {image: x}}}}}\n"
HOSTS = "files: {/etc/hosts: {content: x}}\n"
TIMEZONE = 'files: {/etc/timezone: {content: "Etc/UTC\\n"}}\n'
OWN_UNIT = 'systemd: {nap.service: {content: "[Service]\\nExecStart=/bin/true", running: true}}\n'
SYSTEMD_OFF = "wsl: {boot: {systemd: false}}\n"
ENVIRONMENTS = {
    "a file": "files: {/srv/a: {content: x}}\n",
    "a file of a service": "files: {/srv/a: {content: x, owner: www-data, group: adm}}\n",
    "a file of its user": "user: {name: ann}\nfiles: {/srv/a: {content: x, owner: ann}}\n",
    "a file of nobody": "files: {/srv/a: {content: x, owner: ann}}\n",
    "a file of no group": "files: {/srv/a: {content: x, group: team}}\n",
    "a default user": "user: {name: ann}\nwsl: {user: {default: ann}}\n",
    "a default user that is missing": "wsl: {user: {default: ann}}\n",
    "a login of nobody": 'go: {version: "1.27.3", users: [ann], toolchain: local}\n',
    "a taken uid": "user: {name: ann, uid: 33}\n",
    "a stack without an engine": STACK,
    "a Windows side": "windows: {wslconfig: {wsl2: {memory: 8GB}}}\n",
    "a drive": 'mounts: {/mnt/d: {drive: "D:", options: [noauto]}}\n',
    "a drive by its type": 'mounts: {/mnt/d: {source: "D:", type: drvfs, options: [noauto]}}\n',
    "a unit where WSL starts no systemd": f"{OWN_UNIT}{SYSTEMD_OFF}",
    "a stopped unit where WSL starts no systemd": (
        f"systemd: {{cron.service: {{running: false}}}}\n{SYSTEMD_OFF}"
    ),
    "a mount": "mounts: {/srv/m: {type: tmpfs, options: [noauto]}}\n",
    "a mount in a folder of a user": (
        "files: {/home/www: {directory: true, owner: www-data}}\n"
        "mounts: {/home/www/m: {type: tmpfs, options: [noauto]}}\n"
    ),
    "a file that WSL writes": TIMEZONE,
    "hosts": HOSTS,
    "a file that WSL leaves alone": f"{TIMEZONE}wsl: {{time: {{useWindowsTimezone: false}}}}\n",
    "the host name": "files: {/etc/hostname: {content: x}}\n",
}


def said_and_done(box: Box, kind: str) -> tuple[set[str], set[str]]:
    """Return the names of the environments that check calls good, and of those plan takes."""
    good, planned = set(), set()
    for name, text in ENVIRONMENTS.items():
        box.write(text)
        (verdict,) = verdicts(str(box.folder / "box.yaml"), {}, (kind,)).each
        if verdict.word == "good":
            good.add(name)
        if box.run("plan").code != 1:
            planned.add(name)
    return good, planned


def test_check_and_plan_agree_on_a_new_debian(debian13: Machine, tmp_path: Path) -> None:
    debian13.sh("install -d -o www-data /home/www")
    good, planned = said_and_done(Box(debian13, tmp_path), "debian-13")
    assert good == planned
    assert {*ENVIRONMENTS} - good == {
        "a file of nobody",
        "a file of no group",
        "a default user that is missing",
        "a login of nobody",
        "a taken uid",
        "a mount in a folder of a user",
        "a stack without an engine",
        "a Windows side",
        "a drive",
        "a drive by its type",
    }


def test_check_and_plan_agree_on_a_new_wsl(wsl: Machine, tmp_path: Path) -> None:
    wsl.sh("install -d -o www-data /home/www")
    wsl.sh("printf '[boot]\\nsystemd=true\\n' >/etc/wsl.conf")
    good, planned = said_and_done(Box(wsl, tmp_path), "debian-13-wsl")
    assert good == planned
    assert {*ENVIRONMENTS} - good == {
        "a file of nobody",
        "a file of no group",
        "a default user that is missing",
        "a login of nobody",
        "a taken uid",
        "a mount in a folder of a user",
        "a stack without an engine",
        "a unit where WSL starts no systemd",
        "a file that WSL writes",
        "hosts",
        "the host name",
    }


def test_an_account_that_nobody_makes_is_refused_before_anything_is_changed(
    place: Place, debian13: Machine
) -> None:
    case = place("account-that-nobody-makes", debian13)
    assert "    box.yaml:3: there is no account dve; did you mean 'dev'?\n" in (
        case.run_here("check", "--for", "debian-13").out
    )
    said = case.run("apply", "--yes")
    assert (said.code, said.err) == (
        1,
        (
            "error: HOST: there is no account dve; did you mean 'dev'?\n"
            "    wanted by docker (box.yaml:3)\n"
            "hint: have the environment make the account (`users: {dve: {}}`), or name one that "
            "the machine has\n"
        ),
    )
    assert debian13.sh("getent passwd dev", check=False) == ""
