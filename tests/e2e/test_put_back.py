"""A service that worked keeps working: where new files stop it, apply puts the old ones back."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import words
from standins import Teller, compiled

from envwright.engine.apply import apply
from envwright.engine.plan import make_plan
from envwright.errors import EnvwrightError
from envwright.facts import Machine as Facts
from envwright.host.session import open_session
from envwright.model.secrets import Secrets
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link
from envwright.resources.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

    from envwright.model.resource import Resource

UNITS = "/etc/systemd/system"
WORKS = "[Service]\nExecStart=/bin/sleep infinity\n"
DIES = "[Service]\n{}ExecStart=/bin/sh -c '{}'\n"
EXITED = "bell.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED"
FAILED = "bell.service: Failed with result 'exit-code'."
UP = "Started bell.service."
AGAIN = "bell.service: Scheduled restart job, restart counter is at 1."
JOB_FAILED = [
    "Job for bell.service failed because the control process exited with error code.",
    'See "systemctl status bell.service" and "journalctl -xeu bell.service" for details.',
]
STOPPED = [
    "Stopping bell.service...",
    "bell.service: Deactivated successfully.",
    "Stopped bell.service.",
]
STARTING, NOT_UP = "Starting bell.service...", "Failed to start bell.service."
NOT_STARTED = [*JOB_FAILED, "no bell", *STOPPED, STARTING, EXITED, FAILED, NOT_UP]
DIED = ["no bell", *STOPPED, UP, EXITED, FAILED]
ENDED = ["no bell", *STOPPED, UP]
DEATHS = {
    "at once": (DIES.format("", "echo no bell; exit 3"), DIED),
    "after a second": (DIES.format("", "sleep 1; echo no bell; exit 3"), DIED),
    "again and again": (DIES.format("Restart=always\n", "echo no bell; exit 3"), DIED),
    "before it is ready": (DIES.format("Type=notify\n", "echo no bell; exit 3"), NOT_STARTED),
    "with code 0": (DIES.format("", "sleep 1; echo no bell"), ENDED),
}
"""Units that do not stay up, by when they die; and what is told of that."""
HINT = (
    f"hint: mend what the environment says of file:{UNITS}/bell.service, "
    "then run `envwright apply` again"
)


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    """A box on which bell.service runs, once it is applied."""
    box = Box(debian13, tmp_path)
    bell(box, WORKS)
    debian13.sh("systemctl stop bell 2>/dev/null; rm -rf /run/go /run/waits /var/lib/envwright")
    return box


def bell(box: Box, unit: str) -> None:
    """Have the environment say what bell.service is."""
    box.write(f"systemd:\n  bell.service: {{running: true, content: {json.dumps(unit)}}}\n")


def bell_is_as_before(machine: Machine) -> bool:
    """Whether bell.service runs by its first file, and no before-image is left."""
    state = machine.sh(
        f"systemctl is-active bell; cat {UNITS}/bell.service; ls /var/lib/envwright/before"
    )
    return state == f"active\n{WORKS}"


@pytest.mark.parametrize("how", DEATHS)
def test_a_unit_that_does_not_stay_up_by_its_new_file_gets_the_old_one_back(
    how: str, box: Box
) -> None:
    assert box.run("apply", "--yes").code == 0
    unit, expected = DEATHS[how]
    bell(box, unit)
    said = box.run("apply", "--yes")
    head, *lines = said.err.splitlines()
    end = lines.index(f"    put back as before: file:{UNITS}/bell.service")
    told = [line.strip() for line in lines[:end]]
    if "Restart=" in unit:  # it may be seen at any moment of its first rounds
        assert {"no bell", FAILED} <= set(told) <= {AGAIN, *expected}
    else:
        assert told == expected
    assert lines[end + 1 :] == [
        "    service:bell.service works again",
        "    wanted by systemd (box.yaml:3)",
        "HOST: 0 done, 1 failed, 1 put back, 0 not begun",
        HINT,
    ]
    stays = "" if expected is NOT_STARTED else " it was started, and does not stay up"
    assert (said.code, head) == (1, f"error: service:bell.service failed on HOST:{stays}")
    assert bell_is_as_before(box.machine)
    journal_end = box.machine.sh("tail -n 1 /var/lib/envwright/journal.jsonl")
    entry = json.loads(journal_end)
    assert (entry["event"], entry["resources"]) == ("put back", [f"file:{UNITS}/bell.service"])


def test_what_failed_and_what_was_put_back_is_in_json(box: Box) -> None:
    assert box.run("apply", "--yes").code == 0
    bell(box, DEATHS["at once"][0])
    said = box.run("apply", "--yes", "--json")
    error = json.loads(said.out)["error"]
    message = error.pop("message")
    assert (said.code, f"error: {message}\nhint: {error.pop('hint')}\n") == (1, said.err)
    (failed,) = error.pop("failed")
    assert failed["id"] == "service:bell.service"
    back = {"id": f"file:{UNITS}/bell.service", "because_of": ["service:bell.service"]}
    assert error == {"done": [], "put_back": [back], "not_begun": []}


def test_a_service_that_was_down_before_keeps_its_new_file_and_says_its_last_words(
    box: Box,
) -> None:
    unit = DEATHS["before it is ready"][0]
    bell(box, unit)
    said = box.run("apply", "--yes")
    assert (said.code, "put back" in said.err, "\n    no bell\n" in said.err) == (1, False, True)
    assert box.machine.sh(f"cat {UNITS}/bell.service") == unit


def test_a_service_that_crashes_again_and_again_before_keeps_its_new_file(box: Box) -> None:
    loop = "[Service]\nRestart=always\nRestartSec=0\nStartLimitBurst=99\nExecStart=/bin/sleep 0.7\n"
    box.machine.put(f"{UNITS}/bell.service", loop)
    box.machine.sh("systemctl daemon-reload; systemctl restart bell; sleep 2")
    unit = DEATHS["at once"][0]
    bell(box, unit)
    said = box.run("apply", "--yes")
    assert (said.code, "put back" in said.err, "\n    no bell\n" in said.err) == (1, False, True)
    assert box.machine.sh(f"cat {UNITS}/bell.service") == unit


def test_a_crash_of_long_ago_is_none_of_a_new_file(box: Box) -> None:
    bell(box, f"{WORKS}Restart=always\n")
    assert box.run("apply", "--yes").code == 0
    crash = "systemctl kill -s KILL bell; sleep 11; systemctl show -P NRestarts bell"
    assert box.machine.sh(crash) == "1\n"
    bell(box, f"{WORKS}Restart=always\nNice=5\n")
    assert box.run("apply", "--yes").code == 0
    assert box.machine.sh(crash) == "1\n"
    bell(box, DEATHS["at once"][0])
    assert box.run("apply", "--yes").err.splitlines()[-1] == HINT


def test_a_service_that_was_started_often_in_a_minute_restarts_once_more(box: Box) -> None:
    once = "[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=1h\n"
    for nice in (1, 2, 3):
        bell(box, f"{once}{WORKS}Nice={nice}\n")
        assert box.run("apply", "--yes").code == 0
    assert box.machine.sh("systemctl is-active bell; systemctl show -P Nice bell") == "active\n3\n"


WAITS = "touch /run/waits; until [ -e /run/go ]; do sleep 0.1; done"
SLOW = f"[Service]\nExecStartPre=/bin/sh -c '{WAITS}'\nExecStart=/bin/sh -c '{{}}'\n"


def killed(box: Box, command: str) -> Box:
    """Kill an apply while bell.service restarts to run a command; let the service go on."""
    assert box.run("apply", "--yes").code == 0
    bell(box, SLOW.format(command))
    argv = words("apply", "box.yaml", "--host", box.machine.host, "--yes")
    with subprocess.Popen(argv, cwd=box.folder, stdout=subprocess.DEVNULL) as process:
        wait_for(box.machine, "[ -e /run/waits ]")
        process.kill()
    kept = "cd /var/lib/envwright/before && cat */content && stat -c %a:%U . * */content"
    assert box.machine.sh(kept) == f"{WORKS}700:root\n700:root\n600:root\n"
    box.machine.sh("touch /run/go")
    wait_for(box.machine, "flock --nonblock /run/envwright/lock true")
    wait_for(box.machine, "! systemctl is-active bell | grep activating")
    return box


def test_an_apply_that_is_killed_while_a_service_restarts_is_ended_by_the_next_one(
    box: Box,
) -> None:
    box = killed(box, "exec sleep infinity")
    with (box.folder / "box.yaml").open("a") as environment:
        environment.write("files: {/etc/motd: {content: x}}\n")
    assert box.run("apply", "--yes").code == 0
    left = "systemctl is-active bell; [ -e /var/lib/envwright/before ] || echo no images"
    assert box.machine.sh(left) == "active\nno images\n"
    assert "Nothing to do" in box.run("plan").out


def test_a_service_that_a_killed_apply_took_down_gets_its_old_file_from_the_next_one(
    box: Box,
) -> None:
    box = killed(box, "echo no bell; exit 3")
    assert box.machine.sh("systemctl is-active bell || :") == "failed\n"
    said = box.run("apply", "--yes")
    assert (said.code, said.err.splitlines()[-1], bell_is_as_before(box.machine)) == (1, HINT, True)


def wait_for(machine: Machine, script: str) -> None:
    """Wait until a script succeeds on a machine."""
    for _ in range(600):
        if machine.sh(f"{script} && echo yes || :"):
            return
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {script}")


# --- Other resources, and other services --------------------------------------------------------


def refused(host: str, *resources: Resource) -> tuple[EnvwrightError, list[str]]:
    """Apply resources, which fails; return the error, and what was told meanwhile."""
    teller, made, secrets = Teller(), compiled(*resources), Secrets({})
    with open_session(host, hello=Facts.HELLO) as session:
        plan = make_plan(made, session, Facts.read(session.hello.stdout), secrets)
        with pytest.raises(EnvwrightError) as raised:
            apply(plan, made, session, secrets, teller)
        return raised.value, teller.told


READS = """\
mkdir -p /etc/both && cd /etc/both
printf '{"a": 1}' >shared.json && chown nobody:nogroup shared.json && chmod 0640 shared.json
ln -sfn good.conf chosen && rm -f new.conf
for name in first second; do
  printf '%s\\n' '[Service]' "ExecStart=/bin/sh /root/$name" >/etc/systemd/system/$name.service
done
echo 'cp /etc/both/shared.json /run/first.saw; exec sleep infinity' >/root/first
echo '[ "$(readlink /etc/both/chosen)" = good.conf ] && exec sleep infinity' >/root/second
systemctl daemon-reload && systemctl restart first second
"""
STATE = """\
systemctl is-active first second; cat /run/first.saw; cd /etc/both
ls new.conf 2>&1; stat -c '%n %a %U %G' shared.json chosen; cat shared.json; readlink chosen
"""


def test_services_that_share_a_file_go_back_together(debian13: Machine) -> None:
    debian13.sh(READS)
    time.sleep(1)  # the files are older than the services then
    before = debian13.sh(STATE)
    files: list[Resource] = [
        Keys(path="/etc/both/shared.json", dialect="json", keys={"a": 2}),
        Link(path="/etc/both/chosen", target="bad.conf"),
        File(path="/etc/both/new.conf", content="x"),
    ]
    shared, chosen, new = ("/etc/both/shared.json", "/etc/both/chosen", "/etc/both/new.conf")
    services = [
        Service(unit="first.service", enabled=None, reads=(shared, new)),
        Service(unit="second.service", enabled=None, reads=(shared, chosen)),
    ]
    last = Link(path="/etc/both/later", target="x", needs=(f"link:{chosen}",))
    free = Link(path="/root/free", target="x")
    error, told = refused(debian13.host, *files, *services, last, free)
    back = [f"link:{chosen}", f"keys:{shared}", f"file:{new}"]
    assert {text for text in told if text.startswith("put back")} == {
        f"put back {id_}" for id_ in back
    }
    assert error.message.splitlines()[-4:] == [
        "    service:second.service works again",
        "    service:first.service works again",
        "    wanted by files (box.yaml:1)",
        f"{debian13.host}: 3 done, 1 failed, 3 put back, 0 not begun",
    ]
    assert debian13.sh(STATE) == before


PORT = "ListenAddress 203.0.113.9\n"
"""An address that the machine does not have: `sshd -t` does not mind."""


def test_the_sshd_that_a_session_comes_through_goes_on_by_its_old_files(
    debian13: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = debian13.enable_ssh()
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {ssh.config}")
    path = "/etc/ssh/sshd_config.d/here.conf"
    file = File(path=path, content=PORT, validate='sshd -t -f "$staged"')
    service = Service(unit="ssh.service", enabled=None, reads=(path,))
    error, _ = refused(f"@ssh/{ssh.alias}", file, service)
    assert "\n    fatal: Cannot bind any address.\n" in error.message
    assert f"put back as before: {file.id}\n    {service.id} works again" in error.message
    with open_session(f"@ssh/{ssh.alias}") as session:
        assert session.run(f"test ! -e {path} && systemctl is-active ssh").text == "active\n"
