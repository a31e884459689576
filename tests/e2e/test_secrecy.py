"""Law 8: a secret is in the file that it belongs to, and nowhere else on either machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from box import Box

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

VALUE = 's3cr3t\'s "$word"\nwith 0ther l1nes'
PARTS = ("s3cr3t", "$word", "0ther l1nes")
OLD = "0ld-s3cr3t-w0rd"
ENVIRONMENT = """\
secrets: {token: {env: EW_TOKEN}}
files:
  /srv/before: {content: no secret}
  /srv/token: {content: "token={{ secret.token }}", mode: "0600"}
"""
WATCH = """\
while [ ! -e /run/enough ]; do
    cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; sleep 0.02
done | tr '\\0' '\\n' > /run/seen
"""


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    made = Box(debian13, tmp_path)
    made.write(ENVIRONMENT)
    return made


def shown(box: Box, *words: str) -> str:
    """All that a verb says of an environment whose secret is there."""
    said = box.run(*words, EW_TOKEN=VALUE)
    assert "internal error" not in said.err
    return said.out + said.err


def assert_silent(text: str) -> None:
    assert [part for part in (*PARTS, OLD) if part in text] == []


def holders(machine: Machine) -> str:
    """The files of the machine that hold a part of the secret, or the old one."""
    words = "-e s3cr3t -e 0ther -e 0ld-s3cr3t"
    return machine.sh(f"grep -rlsF {words} /boot /etc /home /opt /root /run /srv /tmp /var || :")


def test_a_secret_shows_in_no_verb_log_or_process(box: Box) -> None:
    watch = ["docker", "exec", box.machine.name, "sh", "-c", WATCH]
    with subprocess.Popen(watch) as watching:
        for words in (["plan"], ["plan", "--json"], ["apply", "--yes"], ["plan"], ["verify"]):
            assert_silent(shown(box, *words))
        junit = ("--junit", str(box.folder / "junit.xml"))
        assert_silent(shown(box, "verify", "--json", *junit))
        box.machine.sh("touch /run/enough")
    assert watching.returncode == 0
    assert box.machine.sh("grep -c envwright /run/seen") != "0\n", "it watched"
    assert box.machine.sh("cat /srv/token") == f"token={VALUE}"
    assert holders(box.machine) == "/srv/token\n"
    assert_silent((box.folder / "junit.xml").read_text("utf-8"))


def test_the_value_that_a_secret_had_before_does_not_show_either(box: Box) -> None:
    box.machine.put("/srv/token", f"token={OLD}", mode="0600")
    said = shown(box, "plan")
    assert said == (
        "box on HOST (debian 13, 2 resources)\n\n"
        "  ~ file:/srv/token  files (box.yaml:5)\n"
        "      content: (hidden: holds secrets)\n\n"
        "Plan: 0 to create, 1 to change, 0 to remove, 1 as they should be.\n"
    )
    junit = ("--junit", str(box.folder / "junit.xml"))
    for words in (["plan", "--json"], ["verify", *junit], ["verify", "--json"]):
        assert_silent(shown(box, *words))
    assert_silent((box.folder / "junit.xml").read_text("utf-8"))
    assert_silent(shown(box, "apply", "--yes", "--json"))
    assert holders(box.machine) == "/srv/token\n"


def test_a_step_that_fails_shows_the_name_of_the_secret_and_not_its_value(box: Box) -> None:
    box.machine.install("sudo")
    box.write(ENVIRONMENT.replace("/srv/token", "/etc/sudoers.d/token"))
    box.machine.sh("rm -f /srv/token")
    said = box.run("apply", "--yes", EW_TOKEN=VALUE)
    assert said.code == 1
    assert said.err == (
        "error: file:/etc/sudoers.d/token failed on HOST:\n"
        "    /etc/sudoers.d/token:1:6: syntax error\n"
        "    token=⟦secret:token⟧\n"
        "         ^\n"
        "    /etc/sudoers.d/token:2:12: syntax error\n"
        "    ⟦secret:token⟧\n"
        "               ^~~~~\n"
        "    wanted by files (box.yaml:5)\n"
        "hint: mend that line; what was there before still holds\n"
    )
    assert holders(box.machine) == ""


def test_a_secret_that_is_missing_stops_an_apply_before_its_first_step(box: Box) -> None:
    environment = ENVIRONMENT.replace("/srv/", "/opt/")
    assert box.refuses(environment) == (
        "error: box.yaml:2: no secret 'token': the environment variable EW_TOKEN is not set\n"
        "hint: `export EW_TOKEN=...` in the shell that runs envwright\n"
    )


def test_a_secret_is_refused_where_it_would_be_seen(box: Box) -> None:
    said = box.refuses(
        "secrets: {token: {env: EW_TOKEN}}\n"
        'files: {/opt/link: {link: "/opt/{{ secret.token }}"}}\n'
        'user: {name: dev, authorized_keys: ["{{ secret.token }}"]}\n',
        EW_TOKEN=VALUE,
    )
    assert said == (
        "error: box.yaml:3: other users could see the secret 'token' in link:/opt/link\n"
        "hint: put the secret into the content of a file, or into the value of a key\n\n"
        "box.yaml:4: other users could see the secret 'token' in "
        "keys:/home/dev/.ssh/authorized_keys\n"
        "hint: put the secret into the content of a file, or into the value of a key\n"
    )
