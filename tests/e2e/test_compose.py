"""Compose stacks on a machine: up, changed one by one, refused, failing with words, and secret."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest
from machines.stacks import put_image
from workstation import Workstation, workstation

from envwright.errors import StepError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from machines.machine import Machine
    from machines.repository import Repository


class Open(Protocol):
    """Opens a workstation with Docker, images, and the given text of an environment."""

    def __call__(self, text: str) -> AbstractContextManager[Workstation]: ...


WEB = """
  {name}:
    env: {{PORT: {port}}}
    content:
      services:
        web:
          image: web:1
          environment: {{GREETING: {greeting}}}
          ports: ["127.0.0.1:${{PORT}}:8080"]
          volumes: ["./data:/data"]
          healthcheck:
            test: [CMD, bash, -c, ": >/dev/tcp/127.0.0.1/8080"]
            interval: 1s
            retries: 2
            timeout: 2s
"""
BROKEN = """
  broken:
    content:
      services:
        fine: {image: "web:1"}
        sick:
          image: web:1
          command: [sh, -c, "echo the disk is on fire; exec perl /server.pl 1"]
          healthcheck: {test: [CMD, bash, -c, "echo no pulse; exit 1"], interval: 1s, retries: 1}
"""


@pytest.fixture(scope="module")
def opened(
    debian13: Machine, repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Open:
    folder = tmp_path_factory.mktemp("compose")
    docker = f'docker: {{fingerprint: "{repository.fingerprint}"}}\n'
    numbers = itertools.count()

    def open_(text: str) -> AbstractContextManager[Workstation]:
        path = folder / f"box{next(numbers)}.yaml"
        path.write_text(f"name: box\n{docker}{text}", "utf-8")
        return workstation(debian13, path)

    with open_("") as engine:
        engine.apply()
    put_image(debian13, "web:1", 8080)
    return open_


def stacks(greeting: str = "hello", more: str = "") -> str:
    one = WEB.format(name="one", port=8001, greeting=greeting)
    return f"compose:{one}{WEB.format(name='two', port=8002, greeting='hello')}{more}"


def containers(machine: Machine, stack: str) -> str:
    return machine.sh(f"docker ps -q --no-trunc -f label=com.docker.compose.project={stack}")


def test_stacks_come_up_healthy_and_their_ports_answer(debian13: Machine, opened: Open) -> None:
    with opened(stacks()) as station:
        station.apply()
        assert station.changed() == set()
        proofs = [r for r in station.verify() if "stack" in r.id]
    assert [(r.id, r.outcome) for r in proofs] == [
        ("every service of the stack one runs and is healthy", "passed"),
        ("the ports of the stack one answer", "passed"),
        ("every service of the stack two runs and is healthy", "passed"),
        ("the ports of the stack two answer", "passed"),
    ]
    assert debian13.sh("ls /opt/docker/one") == "compose.yaml\ndata\n"
    assert debian13.sh("systemctl is-enabled envwright-compose@one") == "enabled\n"


def test_a_changed_file_recreates_its_stack_alone(debian13: Machine, opened: Open) -> None:
    with opened(stacks()) as station:
        station.apply()
    debian13.sh("echo kept > /opt/docker/one/data/file")
    one, two = containers(debian13, "one"), containers(debian13, "two")
    with opened(stacks("bonjour")) as station:
        assert station.apply() == ["file:/opt/docker/one/compose.yaml", "command:compose one"]
        assert station.changed() == set()
    assert containers(debian13, "two") == two
    assert containers(debian13, "one") != one
    assert debian13.sh("docker exec one-web-1 sh -c 'echo $GREETING'") == "bonjour\n"
    assert debian13.sh("docker exec one-web-1 bash -c 'echo $(</data/file)'") == "kept\n"


def test_a_file_that_compose_refuses_leaves_the_running_stack_alone(
    debian13: Machine, opened: Open
) -> None:
    with opened(stacks()) as station:
        station.apply()
    before = containers(debian13, "one"), debian13.sh("cat /opt/docker/one/compose.yaml")
    wrong = stacks().replace("image: web:1", "image: web:1\n          prots: []", 1)
    with opened(wrong) as station, pytest.raises(StepError) as caught:
        station.apply()
    assert "file:/opt/docker/one/compose.yaml failed" in caught.value.message
    assert "prots" in caught.value.message
    after = containers(debian13, "one"), debian13.sh("cat /opt/docker/one/compose.yaml")
    assert after == before
    assert debian13.sh("ls -A /opt/docker/one") == ".env\ncompose.yaml\ndata\n"
    with opened(stacks()) as station:
        assert station.changed() == set()


def test_a_stack_that_is_not_healthy_is_an_error_with_its_last_words(
    debian13: Machine, opened: Open
) -> None:
    with opened(stacks(more=BROKEN)) as station:
        with pytest.raises(StepError) as caught:
            station.apply()
        lines = [line.strip() for line in caught.value.message.splitlines()]
        assert lines[0].startswith("command:compose broken failed on @docker/")
        start = lines.index("sick is unhealthy; its last words:")
        assert lines[start + 1 : start + 3] == ["the disk is on fire", "listening on 1"]
        assert "no pulse" in lines[start + 3 :]
        assert not [line for line in lines if line.startswith("fine is")]
        assert station.changed() == {"command:compose broken"}
    debian13.sh(
        "systemctl disable envwright-compose@broken; cd /opt/docker/broken && "
        "docker compose down && rm -r /opt/docker/broken"
    )


LATE = """
  late:
    wait: 3s
    content:
      services:
        sick:
          image: web:1
          restart: unless-stopped
          command: [sh, -c, "{command}"]
          healthcheck: {{test: [CMD, bash, -c, "exit 1"], interval: 1s, start_period: 1h}}
        {fine}
"""
SLEEPS = "echo the disk is slow; exec perl /server.pl 1"
WAITS = 'fine: {image: "web:1", depends_on: {sick: {condition: service_healthy}}}'


@dataclass
class Late:
    """What a stack that does not get healthy says, and within how many seconds."""

    command: str
    said: list[str]
    seconds: int
    fine: str = ""


LATES = {
    "slow": Late(
        SLEEPS,
        [
            "application not healthy after 3s",
            "sick is starting; its last words:",
            "the disk is slow",
            "listening on 1",
        ],
        30,
    ),
    "slow and needed by another": Late(
        SLEEPS,
        [
            "application not healthy after 3s",
            "sick is starting; its last words:",
            "the disk is slow",
            "listening on 1",
            "fine is created; its last words:",
        ],
        60,
        WAITS,
    ),
    "restarted for ever": Late(
        "echo the disk is on fire; exit 3",
        [
            "application not healthy after 3s",
            "sick is restarting; its last words:",
            "the disk is on fire",
        ],
        30,
    ),
}


@pytest.mark.parametrize("late", LATES.values(), ids=LATES)
def test_a_stack_that_does_not_get_healthy_fails_after_its_time_with_its_last_words(
    late: Late, debian13: Machine, opened: Open
) -> None:
    text = LATE.format(command=late.command, fine=late.fine)
    start = time.monotonic()
    with opened(f"compose:{text}") as station, pytest.raises(StepError) as caught:
        station.apply()
    took = time.monotonic() - start
    debian13.sh(
        "systemctl disable envwright-compose@late; cd /opt/docker/late && "
        "docker compose down && rm -r /opt/docker/late"
    )
    head, *said = [line.strip() for line in caught.value.message.splitlines()]
    assert head == f"command:compose late failed on {debian13.host}:"
    end = next(number for number, line in enumerate(said) if line.startswith("wanted by "))
    assert said[:end] == late.said
    assert took < late.seconds


ONCE = """
  steps:
    content:
      services:
        first:
          image: web:1
          command: [sh, -c, "echo done >/store/file"]
          volumes: ["./store:/store"]
        then:
          image: web:1
          volumes: ["./store:/store"]
          depends_on: {first: {condition: service_completed_successfully}}
"""


def test_a_service_that_ends_when_its_work_is_done_lets_its_stack_be_up(
    debian13: Machine, opened: Open
) -> None:
    with opened(f"compose:{ONCE}") as station:
        station.apply()
        assert station.changed() == set()
        assert [
            (r.id, r.outcome, r.reason) for r in station.verify() if r.outcome != "passed"
        ] == []
    shown = "docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' steps-first-1 steps-then-1"
    assert debian13.sh(shown) == "exited 0\nrunning 0\n"
    assert debian13.sh("docker exec steps-then-1 bash -c 'echo $(</store/file)'") == "done\n"


LOOPS = """
  loops:
    wait: 4s
    content:
      services:
        web:
          image: web:1
          restart: always
          command: [sh, -c, "perl -e 'select undef, undef, undef, 0.3'; echo no database; exit 1"]
"""


def test_a_server_that_crashes_and_is_started_again_does_not_run(
    debian13: Machine, opened: Open
) -> None:
    with opened(f"compose:{LOOPS}") as station:
        with pytest.raises(StepError) as caught:
            station.apply()
        said = [line.strip() for line in caught.value.message.splitlines()]
        assert said[1:4] == [
            "application not healthy after 4s",
            "web is restarting; its last words:",
            "no database",
        ]
        assert station.changed() == {"command:compose loops"}
    debian13.sh("cd /opt/docker/loops && docker compose down && rm -r /opt/docker/loops")


FOREIGN = """
  foreign:
    content:
      services: {web: {image: "web:1"}}
"""


def test_a_container_that_took_the_name_of_a_removed_one_is_told_and_left_alone(
    debian13: Machine, opened: Open
) -> None:
    with opened(f"compose:{FOREIGN}") as station:
        station.apply()
        debian13.sh("docker rm -f foreign-web-1; docker create --name foreign-web-1 web:1")
        (change,) = station.plan().changes
        taken = "another container has the name foreign-web-1: rename or remove it"
        assert change.difference.before == {"value": taken}
        with pytest.raises(StepError) as caught:
            station.apply()
        assert f"    {taken}\n" in caught.value.message
        debian13.sh("docker rm foreign-web-1")
        station.apply()
        assert station.changed() == set()


def test_a_port_that_another_program_took_meanwhile_is_told(
    debian13: Machine, opened: Open
) -> None:
    with opened(stacks()) as station:
        station.apply()
        debian13.sh(
            "docker stop one-web-1; systemd-run --unit=listener perl -MIO::Socket::INET -e "
            "'push @open, IO::Socket::INET->new(LocalPort => 8001, Listen => 1); sleep'; sleep 1"
        )
        (change,) = station.plan().changes
        assert change.difference.before == {
            "value": "web is exited\nanother program has the port 8001/tcp: stop it"
        }
        debian13.sh("systemctl stop listener")
        assert station.apply() == ["command:compose one"]


def test_a_bind_on_a_drive_that_is_not_of_linux_is_refused_where_only_compose_sees_it(
    debian13: Machine, opened: Open
) -> None:
    included = "services: {web: {image: 'web:1', volumes: ['/mnt/c/data:/data']}}"
    text = (
        f'files:\n  /opt/docker/drive/more.yaml: {{content: "{included}"}}\n'
        "compose: {drive: {content: {include: [more.yaml]}}}\n"
    )
    # A stand-in answers for the drive: nothing here can mount the 9p file system of Windows.
    stat = '#!/bin/sh\ncase $* in *c/mnt*|*/mnt*) echo v9fs ;; *) exec /usr/bin/stat "$@" ;; esac\n'
    debian13.put("/usr/local/bin/stat", stat)
    debian13.sh("chmod 755 /usr/local/bin/stat; mkdir -p /mnt/c/data")
    with opened(text) as station, pytest.raises(StepError) as caught:
        station.apply()
    debian13.sh("rm /usr/local/bin/stat; rmdir -p /mnt/c/data || :; rm -r /opt/docker/drive")
    assert (
        "    /mnt/c/data lies on a v9fs drive, where data of containers loses owners, modes and "
        "speed\n"
    ) in caught.value.message


def test_the_boot_does_not_wait_for_stacks(debian13: Machine, opened: Open) -> None:
    with opened(stacks()) as station:
        station.apply()
    waits = (
        "systemctl show --property={} --value multi-user.target | tr ' ' '\\n' | "
        "grep -x envwright-compose@one.service"
    )
    assert debian13.sh(waits.format("Wants")) == "envwright-compose@one.service\n"
    assert debian13.sh(waits.format("After"), check=False) == ""


OTHER_IMAGE = "printf 'FROM web:1\\nLABEL other=%s\\n' \"$(date +%N)\" | docker build -q -t web:1 -"
EFFECTS = {
    "stopped": ("docker stop one-web-1", "web is exited"),
    "paused": ("docker pause one-web-1", "web is paused"),
    "removed": ("docker rm -f one-web-1", "web is missing"),
    "cut off": (
        "docker network disconnect -f one_default one-web-1",
        "web is not in the network one_default",
    ),
    "without its network": (
        "docker stop one-web-1; docker network rm one_default",
        "web is exited",
    ),
    "of an older image": (OTHER_IMAGE, "web runs an older image"),
    "configured by hand": (
        "sed -i s/8001/8009/ /opt/docker/one/.env; touch -d 2020-01-01 /opt/docker/one/.env",
        ".env changed\nits configuration changed",
    ),
    "with an override by hand": (
        "echo 'services: {web: {environment: {MORE: x}}}' >/opt/docker/one/compose.override.yaml",
        "its configuration changed",
    ),
    "stopped with its unit": (
        "systemctl stop envwright-compose@one",
        "its unit is not active\nweb is exited",
    ),
}


@pytest.mark.parametrize(("by_hand", "said"), EFFECTS.values(), ids=EFFECTS)
def test_what_is_done_to_a_stack_by_hand_is_named_proved_and_mended(
    by_hand: str, said: str, debian13: Machine, opened: Open
) -> None:
    with opened(stacks()) as station:
        station.apply()
        debian13.sh(by_hand)
        states = {c.resource.id: c.difference.before for c in station.plan().changes}
        # Another image is another one for the second stack, too.
        assert states.pop("command:compose two", None) == (
            {"value": said} if by_hand == OTHER_IMAGE else None
        )
        assert states["command:compose one"] == {"value": said}
        assert "command:compose one" in {r.id for r in station.verify() if r.outcome == "failed"}
        station.apply()
        assert station.changed() == set()
        assert [r.reason for r in station.verify() if r.outcome == "failed"] == []
    debian13.sh("rm -f /opt/docker/one/compose.override.yaml")


def test_a_stack_is_up_again_after_a_restart_of_the_machine(
    debian13: Machine, opened: Open
) -> None:
    with opened(stacks()) as station:
        station.apply()
    debian13.sh("systemctl stop envwright-compose@one envwright-compose@two docker.socket docker")
    debian13.sh("systemctl start docker envwright-compose@one envwright-compose@two")
    started = debian13.sh("docker inspect -f '{{.State.StartedAt}}' one-web-1")
    with opened(stacks()) as station:
        # What is starting is waited for, not started again.
        station.apply()
        assert station.changed() == set()
    assert debian13.sh("docker inspect -f '{{.State.StartedAt}}' one-web-1") == started


KEPT = """
  kept:
    content:
      services:
        web: {{image: "web:1", volumes: ["store:/store"], environment: {{GREETING: {greeting}}}}}
      volumes: {{store: {{}}}}
"""


def test_a_volume_outlives_its_containers_and_the_stack_in_the_environment(
    debian13: Machine, opened: Open
) -> None:
    def stored() -> str:
        return debian13.sh("cat $(docker volume inspect -f '{{.Mountpoint}}' kept_store)/file")

    with opened(f"compose:{KEPT.format(greeting='hello')}") as station:
        station.apply()
    debian13.sh("docker exec kept-web-1 sh -c 'echo kept >/store/file'")
    before = containers(debian13, "kept")
    with opened(f"compose:{KEPT.format(greeting='bonjour')}") as station:
        assert station.apply() == ["file:/opt/docker/kept/compose.yaml", "command:compose kept"]
    after = containers(debian13, "kept")
    assert (before == after, stored()) == (False, "kept\n")
    with opened("") as station:
        assert station.apply() == []
    assert (containers(debian13, "kept"), stored()) == (after, "kept\n")


SECRET = "hunter2-and-more"
KEEPER = """
secrets: {token: {env: B_AI_TOKEN}}
compose:
  keeper:
    secrets: {token: "{{ secret.token }}"}
    content:
      services:
        web: {image: "web:1", ports: ["127.0.0.1:8003:8080"], secrets: [token]}
      secrets: {token: {file: ./secrets/token}}
"""
ASK = (
    'perl -MIO::Socket::INET -e \'my $s = IO::Socket::INET->new("127.0.0.1:8003") or die;'
    " print while <$s>'"
)


def test_a_secret_reaches_the_container_and_is_seen_nowhere_else(
    debian13: Machine, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B_AI_TOKEN", SECRET)
    with opened(KEEPER) as station:
        planned = str(station.plan().json()) + "".join(c.diff() for c in station.plan().changes)
        station.apply()
        assert station.changed() == set()
    assert debian13.sh(ASK).endswith(SECRET)
    seen = debian13.sh(
        "docker inspect keeper-web-1; docker compose -p keeper logs; journalctl --no-pager;"
        "ps axeww; cat /opt/docker/keeper/compose.yaml; cat /var/log/envwright* 2>/dev/null; "
        "cat /var/lib/envwright/* 2>/dev/null || :"
    )
    assert [SECRET in planned, SECRET in seen] == [False, False]
    assert debian13.sh("stat -c '%a %U' /opt/docker/keeper/secrets/token") == "600 root\n"


def test_a_new_value_of_a_secret_reaches_the_container(
    debian13: Machine, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B_AI_TOKEN", SECRET)
    with opened(KEEPER) as station:
        station.apply()
    monkeypatch.setenv("B_AI_TOKEN", "another one")
    with opened(KEEPER) as station:
        assert station.apply() == [
            "file:/opt/docker/keeper/secrets/token",
            "command:compose keeper",
        ]
    assert debian13.sh(ASK).endswith("another one")


def test_variables_arrive_as_they_were_written(debian13: Machine, opened: Open) -> None:
    values = {"A": 'it\'s $5 \\ "x"', "B": 'a $HOME `b` # "c"', "C": " 'q' "}
    env = "".join(f"\n      {name}: {_yaml(value)}" for name, value in values.items())
    text = (
        f"compose:\n  vars:\n    env:{env}\n    content:\n      services:\n        web:\n"
        "          image: web:1\n          environment: ['A=${A}', 'B=${B}', 'C=${C}']\n"
    )
    with opened(text) as station:
        station.apply()
    for name, value in values.items():
        got = debian13.sh(f"docker exec vars-web-1 sh -c 'printf %s \"${name}\"'")
        assert got == value


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
