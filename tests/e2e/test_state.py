"""Nothing lost: what apply changed is known, and is taken back byte by byte."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import Said, envwright, words
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
        "mkdir -p /var/lib/envwright; "
        "mount -t tmpfs -o size=16k,mode=0700 none /var/lib/envwright; "
        "head -c 30000 /dev/zero | tr '\\0' x >/etc/large"
    )
    try:
        refused = box.refuses("files: {/etc/large: {content: small}}\n")
    finally:
        box.machine.sh("umount /var/lib/envwright")
    assert "No space left on device" in refused
    assert "hint: make room on the disk, or mend the folder" in refused


KEYS = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZHC1/PRxtCJzWVYQQ2f0tZMyPZeYHUM0aPyXkvkM2f a@x",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHqzQzYBTvDwUIqsv5BqyM0QHj6LCfZw2pELpU0JKkO1 b@x",
]


def test_a_key_that_leaves_the_environment_goes_at_once_and_all_else_when_asked(box: Box) -> None:
    authorized = "/home/dev/.ssh/authorized_keys"
    box.machine.sh("useradd -m dev; mkdir /home/dev/.ssh; chown dev: /home/dev/.ssh")
    box.machine.sh(f"echo '{KEYS[1].replace('b@x', 'mine')}x' >{authorized}; echo old >/etc/old")
    account = "user: {{name: dev, authorized_keys: [{}]}}\n".format
    quoted = [f'"{key}"' for key in KEYS]
    files = "files: {/etc/one: {content: one}, /etc/old: {content: new}}\n"
    applied(box, account(", ".join(quoted)) + files)
    applied(box, account(quoted[0]))
    assert KEYS[0] in box.machine.sh(f"cat {authorized}").splitlines()
    assert KEYS[1] not in box.machine.sh(f"cat {authorized}").splitlines()
    assert len(box.machine.sh(f"cat {authorized}").splitlines()) == 2
    assert box.machine.sh("cat /etc/one /etc/old") == "onenew"
    said = box.run("plan")
    assert said.code == 0
    assert said.out.splitlines()[2:] == [
        "No longer in box (apply --prune takes these back):",
        "  ~ file:/etc/old  no longer in the environment  files (box.yaml:3)",
        "      @@ -1 +1 @@",
        "      -new",
        "      +old",
        "  - file:/etc/one  no longer in the environment  files (box.yaml:3)",
        "",
        *said.out.splitlines()[9:],
    ]
    box.write(f"{account(quoted[0])}prune: always\n")
    assert box.run("apply", "--yes", "--no-verify").code == 0
    assert box.machine.sh("cat /etc/old; ls /etc/one 2>/dev/null || :") == "old\n"
    assert "No longer" not in box.run("plan").out
    box.machine.sh("userdel -r dev 2>/dev/null; rm /etc/old")


def test_environments_own_their_own_and_are_told_of_what_two_want_otherwise(box: Box) -> None:
    box.machine.sh("mkdir -p /etc/docker")
    keys = (
        "files: {{/etc/docker/daemon.json: {{format: json, keys: {{{}}}}}, "
        "/etc/b: {{content: {}}}}}\n"
    )
    applied(box, keys.format("mtu: 1400", "one"))
    other = box.folder / "other.yaml"
    other.write_text(f"name: other\n{keys.format('debug: true', 'two')}", "utf-8")
    given = ("other.yaml", "--host", box.machine.host, "--yes", "--no-verify")
    said = envwright("apply", *given, cwd=box.folder)
    assert said.code == 0
    assert (
        "note: file:/etc/b is also of the environment box, which wants it otherwise: each apply of "
        "one undoes the other; name it in one of the two"
    ) in said.out
    # What both own stays when one lets it go; of the shared file only the own key goes.
    renamed = box.folder / "renamed.yaml"
    renamed.write_text("name: renamed\nwas: other\nprune: always\n", "utf-8")
    said = envwright("apply", "renamed.yaml", *given[1:], cwd=box.folder)
    assert said.code == 0
    assert json.loads(box.machine.sh("cat /etc/docker/daemon.json")) == {"mtu": 1400}
    assert box.machine.sh("cat /etc/b; rm /etc/b") == "two"


def test_law_7_after_a_kill_the_next_apply_converges_and_undo_works(box: Box) -> None:
    before = state(box.machine)
    slow = "[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sh -c '{}'\\n".format
    waits = "until [ -e /run/go ]; do sleep 0.05; done"
    environment = (
        "files: {/etc/motd: {content: whole}, /opt/a/b: {content: b}}\n"
        f'systemd: {{slow.service: {{content: "{slow(waits)}", running: true}}}}\n'
    )
    box.write(environment)
    argv = words("apply", "box.yaml", "--host", box.machine.host, "--yes")
    with subprocess.Popen(argv, cwd=box.folder, stdout=subprocess.DEVNULL) as process:
        for _ in range(600):
            if box.machine.sh("pgrep -f '[u]ntil .*/run/go' || :"):
                break
            time.sleep(0.05)
        process.kill()
    box.machine.sh("touch /run/go; flock /run/envwright/lock true")
    assert "cut off" in on(box.machine, "history").out
    assert box.run("apply", "--yes", "--no-verify").code == 0
    assert "Nothing to do" in box.run("plan").out
    said = on(box.machine, "rollback", "0", "--yes")
    assert said.code == 0
    assert "The run of generation 1 was cut off" in said.out
    box.machine.sh("rm /run/go")
    assert state(box.machine) == before
