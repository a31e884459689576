"""Nothing lost: what apply changed is known, and is taken back byte by byte."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import Said, envwright
from snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine

UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"
EVERYTHING = f"""\
user: {{name: dev, groups: [adm], shell: /bin/bash}}
packages: [jq]
files:
  /etc/motd: {{content: "hello\\n", mode: "0600"}}
  /opt/new/deep/file.txt: {{content: "x\\n"}}
  /home/dev/notes: {{content: "mine\\n", owner: dev, group: dev}}
environment: {{PAGER: less}}
mounts:
  /mnt/scratch: {{type: tmpfs, options: [size=1m]}}
systemd:
  my.service: {{content: "{UNIT}", running: true, enabled: true}}
"""
BACKUPS = re.compile(r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-( |$)")
"""The copies that programs keep of the files of accounts before their own last change."""
STORE = "/var/lib/envwright/generations"


def state(machine: Machine) -> list[str]:
    """All of a machine that an undo must bring back, in order."""
    return sorted(line for line in snapshot(machine) if not BACKUPS.search(line))


def on(machine: Machine, *words: str, stdin: str = "") -> Said:
    """Run a verb that takes no environment; the machine is called HOST in what is said."""
    said = envwright(*words, "--host", machine.host, stdin=stdin)
    name = machine.host
    return Said(said.code, said.out.replace(name, "HOST"), said.err.replace(name, "HOST"))


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Iterator[Box]:
    yield Box(debian13, tmp_path)
    debian13.sh("rm -rf /var/lib/envwright /etc/docker/daemon.json")


def applied(box: Box, environment: str, *options: str) -> None:
    """Write an environment and apply it."""
    box.write(environment)
    said = box.run("apply", "--yes", "--no-verify", *options)
    assert (said.code, said.err) == (0, "")


def test_law_6_undo_after_apply_leaves_the_machine_as_it_was(box: Box) -> None:
    box.machine.sh("apt-get -qq update")
    before = state(box.machine)
    applied(box, EVERYTHING)
    after = state(box.machine)
    assert on(box.machine, "undo", "--yes").code == 0
    assert state(box.machine) == before
    # An undo is an apply of what was there before, and is taken back itself.
    assert on(box.machine, "undo", "--yes").code == 0
    assert state(box.machine) == after
    assert "Nothing to do" in box.run("plan").out
    applied(box, 'files: {/etc/motd: {content: "another\\n"}, /etc/more: {content: x}}\n')
    assert on(box.machine, "rollback", "0", "--yes").code == 0
    assert state(box.machine) == before
    listed = json.loads(on(box.machine, "history", "--json").out)
    assert [(each["cause"], each["finished"]) for each in listed["generations"]] == [
        ("apply", True),
        ("undo 1", True),
        ("undo 2", True),
        ("apply", True),
        ("rollback 0", True),
    ]


def test_what_somebody_changed_since_is_left_and_told_unless_it_is_forced(box: Box) -> None:
    applied(box, "files: {/etc/one: {content: one}, /etc/two: {content: two}}\n")
    box.machine.sh("echo mine >/etc/one; chmod 0600 /etc/two")
    said = on(box.machine, "undo", "--yes")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        "undo 1: takes back 1\n"
        "Changed by others since, and so left as it is now:\n"
        "  file:/etc/two: /etc/two changed since\n"
        "  file:/etc/one: /etc/one changed since\n"
        "  (--force takes these back, too)\n"
    )
    assert box.machine.sh("cat /etc/one /etc/two") == "mine\ntwo"
    assert on(box.machine, "rollback", "0", "--yes", "--force").code == 0
    assert box.machine.sh("ls /etc/one /etc/two 2>/dev/null || :") == ""


def test_keys_go_alone_where_others_wrote_to_their_file_since(box: Box) -> None:
    box.machine.sh("mkdir -p /etc/docker; printf '{\"debug\": true}\\n' >/etc/docker/daemon.json")
    environment = (
        "files: {/etc/docker/daemon.json: {format: json, keys: {mtu: 1400, debug: false}}}\n"
    )
    applied(box, environment)
    box.machine.sh("""sed -i 's/1400/1400, "log-level": "warn"/' /etc/docker/daemon.json""")
    assert on(box.machine, "undo", "--yes").code == 0
    assert json.loads(box.machine.sh("cat /etc/docker/daemon.json")) == {
        "debug": True,
        "log-level": "warn",
    }


def test_the_store_holds_no_value_of_a_secret_whatever_is_taken_back(box: Box) -> None:
    (box.folder / "token").write_text("hunter22-of-the-law\n")
    box.machine.sh("echo 'token hunter22-of-the-law' >/root/old")
    applied(
        box,
        "secrets: {token: {file: token}}\n"
        'files: {/root/old: {content: "{{ secret.token }}x"}, '
        '/root/new: {content: "{{ secret.token }}", mode: "0600"}}\n',
    )
    said = on(box.machine, "undo", "--yes")
    assert said.code == 0
    assert "/root/old held, or was to hold, a secret" in said.out
    assert on(box.machine, "undo", "--yes").code == 0
    found = "grep -rl hunter22-of-the-law /var/lib/envwright || :"
    assert box.machine.sh(found) == ""
    assert box.machine.sh("ls /root/new 2>/dev/null || :") == ""
    box.machine.sh("rm /root/old")


PLANTED = {
    f"ln -s /tmp {STORE}": f"{STORE} is not a folder of root's own",
    f"mkdir {STORE}; chown nobody {STORE}": f"{STORE} is not a folder of root's own",
    f"mkdir {STORE}; chmod 0777 {STORE}": f"others than root can write to {STORE}",
    f"touch {STORE}": f"{STORE} is not a folder of root's own",
    f"mkdir {STORE}; echo 2 >{STORE}/version": (
        f"{STORE} was written by another envwright, and has form 2, not 1"
    ),
    f"mkdir {STORE}; : >{STORE}/version": (
        f"{STORE}/version says no version, so that the store is damaged"
    ),
}
"""What may be in the place of the store, and what is told of it."""


def test_a_store_that_cannot_be_trusted_is_told_and_nothing_is_changed(box: Box) -> None:
    box.write("files: {/etc/untouched: {content: x}}\n")
    told = {}
    for planted in PLANTED:
        box.machine.sh(f"rm -rf {STORE}; mkdir -p -m 0700 /var/lib/envwright; {planted}")
        said = box.run("apply", "--yes"), on(box.machine, "history")
        (first,) = {each.err.partition("\n")[0] for each in said}
        told[planted] = first.removeprefix("error: HOST: ")
    assert told == PLANTED
    assert box.machine.sh("ls /etc/untouched 2>/dev/null || :") == ""


def test_a_generation_that_was_changed_is_damaged_and_not_taken_back(box: Box) -> None:
    applied(box, "files: {/etc/one: {content: one}}\n")
    box.machine.sh(f"sed -i 's/etc.one/etc.two/' {STORE}/1/changes.json")
    said = on(box.machine, "undo", "--yes")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(
        f"error: {STORE}/1/changes.json is damaged: it is not what was written\n"
    )
    assert box.machine.sh("cat /etc/one; rm /etc/one") == "one"


def test_where_the_disk_is_full_nothing_is_changed(box: Box) -> None:
    box.machine.sh(
        "mkdir -p /var/lib/envwright; mount -t tmpfs -o size=16k,mode=0700 none $_; "
        "head -c 30000 /dev/zero | tr '\\0' x >/etc/large"
    )
    try:
        refused = box.refuses("files: {/etc/large: {content: small}}\n")
    finally:
        box.machine.sh("umount /var/lib/envwright")
    assert "No space left on device" in refused
    assert "hint: make room on the disk, or mend the folder" in refused
