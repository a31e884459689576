"""Compose stacks as people have them: several files, jobs, profiles, checkouts, taken names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machines.stacks import put_image
from workstation import workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from field_case import Case, Place
    from machines.machine import Machine
    from machines.repository import Repository

CLEAN = r"""
for unit in $(systemctl list-units --plain --no-legend 'envwright-compose@*' | cut -d ' ' -f 1); do
    systemctl disable --now "$unit"
done
docker ps --all --quiet | xargs -r docker rm -f
rm -rf /opt/docker /var/lib/envwright/compose
"""


class Stacks:
    """A machine with Docker and an image, on which no stack is left behind."""

    def __init__(self, machine: Machine, repository: Repository) -> None:
        self.machine = machine
        self.options = ("--var", f"docker_key={repository.fingerprint}")

    def apply(self, case: Case) -> str:
        """Apply a case, and expect that a second plan is empty; return what was said."""
        said = case.run("apply", "--yes", *self.options)
        assert (said.code, said.err) == (0, ""), said
        assert "Nothing to do" in case.run("plan", *self.options).out
        return said.out

    def running(self) -> list[str]:
        """Return the names of the containers, each with its state."""
        shown = self.machine.sh("docker ps --all --format '{{.Names}} {{.State}}' | sort")
        return shown.splitlines()

    def environment(self, container: str) -> set[str]:
        """Return the variables that a container has of its stack."""
        shown = self.machine.sh(f"docker exec {container} sh -c export")
        return {line.removeprefix("export ") for line in shown.splitlines()}


@pytest.fixture
def stacks(engine_with_image: Machine, repository: Repository) -> Iterator[Stacks]:
    """The machine, clean after each case."""
    yield Stacks(engine_with_image, repository)
    engine_with_image.sh(CLEAN)


@pytest.fixture(scope="module")
def engine_with_image(
    debian13: Machine, repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """A machine with Docker and the image that all cases use."""
    path = tmp_path_factory.mktemp("engine") / "box.yaml"
    path.write_text(f'name: engine\ndocker: {{fingerprint: "{repository.fingerprint}"}}\n')
    with workstation(debian13, path) as station:
        station.apply()
    put_image(debian13, "web:1", 8080)
    return debian13


def test_what_a_stack_reads_is_there_before_compose_judges_it(place: Place, stacks: Stacks) -> None:
    case = place("compose-siblings", stacks.machine)
    stacks.apply(case)
    assert stacks.running() == ["shop-cache-1 running", "shop-web-1 running"]
    assert {"FROM='base'", "MODE='dev'"} <= stacks.environment("shop-web-1")
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8").replace("SIZE=small", "SIZE=large"), "utf-8")
    assert "/opt/docker/common/cache.env" in stacks.apply(case)
    assert "SIZE='large'" in stacks.environment("shop-cache-1")


def test_a_job_that_did_its_work_is_up_and_a_server_that_ended_is_not(
    place: Place, stacks: Stacks
) -> None:
    case = place("compose-jobs", stacks.machine)
    stacks.apply(case)
    assert stacks.running() == [
        "shop-index-1 exited",
        "shop-migrate-1 exited",
        "shop-web-1 running",
    ]
    stacks.machine.sh("docker stop shop-web-1")
    assert stacks.machine.sh("docker inspect -f '{{.State.ExitCode}}' shop-web-1") == "0\n"
    assert "value: web is exited -> up" in case.run("plan", *stacks.options).out
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8").replace("echo migrated", "echo no table; exit 3"))
    said = case.run("apply", "--yes", *stacks.options)
    assert (said.code, said.err) == (
        1,
        (
            "error: command:compose shop failed on HOST:\n"
            "    migrate is exited; its last words:\n"
            "    no table\n"
            "    wanted by compose (box.yaml:5)\n"
            "HOST: 1 done, 1 failed, 0 not begun\n"
            "hint: mend what failed, then run `envwright apply` again: it goes on from here\n"
        ),
    )


def test_a_folder_with_a_file_of_includes_alone_arrives_whole(place: Place, stacks: Stacks) -> None:
    case = place("compose-include-only", stacks.machine)
    stacks.apply(case)
    assert stacks.running() == ["monitoring-prometheus-1 running"]
    assert "RETENTION='7d'" in stacks.environment("monitoring-prometheus-1")
    (case.folder / "monitoring/prometheus/answer").write_text("scrape all", "utf-8")
    stacks.apply(case)
    answer = "docker exec monitoring-prometheus-1 bash -c 'echo $(</answer)'"
    assert stacks.machine.sh(answer) == "scrape all\n"


def test_parts_that_need_not_be_there_are_not_missed(place: Place, stacks: Stacks) -> None:
    case = place("compose-optional-parts", stacks.machine)
    stacks.apply(case)
    assert stacks.running() == ["shop-web-1 running"]
    secret = "docker exec shop-web-1 bash -c 'echo $(</run/secrets/license)'"
    assert stacks.machine.sh(secret) == "of-the-team\n"
    assert "0 failed" in case.run("verify", *stacks.options).out


def test_a_stack_is_found_again_under_the_name_that_compose_gives_it(
    place: Place, stacks: Stacks
) -> None:
    case = place("compose-named-project", stacks.machine)
    assert "  - file:/opt/docker/legacy/compose.yaml" in stacks.apply(case)
    assert stacks.running() == [
        "legacy-web-1 running",
        "myapp-web-1 running",
        "retail-web-1 running",
    ]
    assert "MODE='overridden'" in stacks.environment("legacy-web-1")
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8").replace("name: retail", "name: outlet"), "utf-8")
    stacks.apply(case)
    assert stacks.running() == [
        "legacy-web-1 running",
        "myapp-web-1 running",
        "outlet-web-1 running",
    ]


def test_a_stack_in_a_user_s_checkout_is_run_by_this_user(place: Place, stacks: Stacks) -> None:
    case = place("compose-checkout", stacks.machine)
    stacks.apply(case)
    assert stacks.running() == ["app-web-1 running"]
    show = "systemctl show --property={} --value envwright-compose@app"
    assert stacks.machine.sh(show.format("User")) == "dev\n"
    stacks.machine.sh("echo TOKEN=newer >/home/dev/app/.env.local")
    assert "value: its configuration changed -> up" in case.run("plan", *stacks.options).out
    stacks.apply(case)
    assert "TOKEN='newer'" in stacks.environment("app-web-1")


LISTEN = (
    "systemd-run --unit=listener perl -MIO::Socket::INET -e "
    "'push @open, IO::Socket::INET->new(LocalPort => 8042, Listen => 1); sleep'"
)


def test_a_port_and_a_name_that_are_taken_are_told_before_anything_is_changed(
    place: Place, stacks: Stacks
) -> None:
    case = place("compose-taken-names", stacks.machine)
    stacks.machine.sh(f"{LISTEN} && sleep 1")
    taken = (
        "error: HOST: another program has the port 8042/tcp, which the stack shop publishes\n"
        "    wanted by compose (box.yaml:5)\n"
        "hint: `ss -lnp 'sport = :8042'` shows the program, and where that is docker-proxy, "
        "`docker ps` shows the container: stop it, or choose another port\n"
    )
    assert case.run("plan", *stacks.options).err == taken
    stacks.machine.sh("systemctl stop listener; docker run -d --name other -p 8042:8080 web:1")
    assert case.run("plan", *stacks.options).err == taken
    stacks.machine.sh("docker rm -f other; docker create --name shop-web web:1")
    assert case.run("plan", *stacks.options).err == (
        "error: HOST: a container that is not of the stack shop has one of its names: shop-web\n"
        "    wanted by compose (box.yaml:5)\n"
        "hint: `docker ps --all` shows the container: rename it by `docker rename`, or remove it\n"
    )
    stacks.machine.sh("docker rm shop-web")
    stacks.apply(case)
