"""What tools are told, and which of their runs are no figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.bench import TOOLS
from benchmarks.routes import Login, Route
from benchmarks.sites import Site, Timing
from benchmarks.tools import CHANGES, without_effects
from benchmarks.work import Work

if TYPE_CHECKING:
    from benchmarks.sites import Command
    from benchmarks.tools import Tool

BY_NAME = {tool.name: tool for tool in TOOLS}
SITE = Site((), "/site", "python3")
SETTINGS = {"User": "root", "IdentityFile": "/k/key", "UserKnownHostsFile": "/k/known"}
LOCAL = Route(SITE, "box")
SSH = Route(SITE, "box", Login("box", Path("/k/config"), SETTINGS))
DOCKER = Route(SITE, "box", docker=True)
FLEET = Route(SITE, "box", SSH.login, hosts=("h1", "h2"), parallel=4)

PYINFRA = "    Operation      Hosts   Success   Error   No Change\n    Grand total   50      {}\n"


def command(name: str, verb: str, route: Route = LOCAL) -> Command:
    """The command of a tool that has one."""
    found = BY_NAME[name].command(verb, route, Work())
    assert found is not None
    return found


def said(text: str, code: int = 0) -> Timing:
    return Timing(1.0, code, 0, text)


@pytest.mark.parametrize(
    ("name", "verb", "route", "line"),
    [
        (
            "envwright",
            "plan",
            SSH,
            "/site/envwright/bin/envwright plan --host @ssh/box /site/work-1/r1.yaml",
        ),
        (
            "envwright",
            "mend",
            DOCKER,
            (
                "/site/envwright/bin/envwright apply --yes --no-verify --host @docker/box "
                "/site/work-1/r1.yaml"
            ),
        ),
        (
            "pyinfra",
            "plan",
            SSH,
            (
                "/site/envwright/bin/pyinfra --dry --user root --key /k/key "
                "--data ssh_config_file=/k/config --data ssh_known_hosts_file=/k/known "
                "--data factor=1 @ssh/box /site/peers/workstation.py"
            ),
        ),
        (
            "ansible",
            "first",
            SSH,
            (
                "/site/ansible/bin/ansible-playbook --inventory box, --user root "
                "--ssh-common-args -F /k/config --extra-vars factor=1 --extra-vars refresh=true "
                "/site/peers/workstation.yml"
            ),
        ),
        (
            "envwright (compiled)",
            "plan",
            LOCAL,
            (
                'sh -c NO_COLOR=$$ exec "$@" sh '
                "/site/envwright/bin/envwright plan --host @local /site/work-1/r1.yaml"
            ),
        ),
        (
            "before (compiled)",
            "apply",
            LOCAL,
            (
                'sh -c NO_COLOR=$$ exec "$@" sh '
                "/site/envwright-before/bin/envwright apply --yes --host @local "
                "/site/work-1/r1.yaml"
            ),
        ),
        ("before", "version", LOCAL, "/site/envwright-before/bin/envwright --version"),
        ("mise", "plan", LOCAL, "/site/mise bootstrap plan --detailed-exitcode"),
        ("ssh host true", "plan", SSH, "ssh -F /k/config box true"),
        ("raw reads", "plan", DOCKER, "docker exec box sh /opt/benchmarks/work-1/reads.sh"),
        ("python -c pass", "version", LOCAL, "python3 -c pass"),
    ],
)
def test_a_tool_is_told_what_to_do(name: str, verb: str, route: Route, line: str) -> None:
    assert " ".join(command(name, verb, route).argv) == line


@pytest.mark.parametrize(
    ("verb", "route", "names"),
    [
        (
            "plan",
            LOCAL,
            (
                "python -c pass,raw reads,mise,pyinfra,ansible,envwright,envwright (compiled),"
                "envwright (no cache),before,before (compiled),before (no cache)"
            ),
        ),
        (
            "apply",
            DOCKER,
            (
                "docker exec true,raw reads,pyinfra,envwright,envwright (compiled),"
                "envwright (no cache),before,before (compiled),before (no cache)"
            ),
        ),
        (
            "verify",
            SSH,
            "ssh host true,raw reads,testinfra,envwright,envwright (state part),before",
        ),
        ("first", SSH, "expert.sh,mise,pyinfra,ansible,envwright,before"),
    ],
)
def test_tools_take_part_in_what_they_can_do(verb: str, route: Route, names: str) -> None:
    part = [tool.name for tool in TOOLS if tool.command(verb, route, Work())]
    assert ",".join(part) == names


@pytest.mark.parametrize(
    ("name", "verb", "idle", "busy"),
    [
        ("envwright", "apply", "Nothing to do: all 60 ...", "Plan: 1 to create"),
        (
            "pyinfra",
            "plan",
            "--> Detected changes:\n  files.put (a=1)   -   1 (@local)",
            "--> Detected changes:\n  files.put (a=1)   1 (@local)   -",
        ),
        ("pyinfra", "apply", PYINFRA.format("-  -  50"), PYINFRA.format("1  -  49")),
        (
            "ansible",
            "plan",
            "box : ok=13   changed=0    unreachable=0    failed=0    skipped=3",
            "box : ok=13   changed=2    unreachable=0    failed=0    skipped=3",
        ),
        ("mise", "apply", "mise system files: already converged", "mise: applied 1 change(s)"),
    ],
)
def test_a_run_that_changed_something_is_no_figure(
    name: str, verb: str, idle: str, busy: str
) -> None:
    complaint = command(name, verb).complaint
    assert (complaint(said(idle)), complaint(said(busy))) == ("", CHANGES)


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.settles], ids=lambda t: t.name)
def test_a_run_that_failed_is_no_figure(tool: Tool) -> None:
    complaint = command(tool.name, "apply").complaint
    assert complaint(said("one\ntwo\nthree\nno way\n", 1)) == "exit code 1: two | three | no way"


def test_the_state_part_of_a_verification_is_all_but_the_effects() -> None:
    results = [
        {"id": "file:/etc/wsl.conf", "seconds": 0.5},
        {"id": "command:sysctl vm.max_map_count", "seconds": 0.25},
        {"id": "dev can log in", "seconds": 0.125},
        {"id": "/mnt/scratch can be written to", "seconds": 0.25},
    ]
    timing = Timing(2.0, 0, 0, f"a warning\n{json.dumps(results, indent=2)}\n")
    assert without_effects(timing) == 2.0 - 0.375


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("ssh host true", "sh h1 h2 -P 4 -I {} ssh -F /k/config {} true"),
        ("envwright", "plan --parallel 4 --host @ssh/h1 --host @ssh/h2 /site/work-1/r1.yaml"),
        ("pyinfra", "--parallel 4 --data factor=1 h1,h2 /site/peers/workstation.py"),
        ("ansible", "--inventory h1,h2, --forks 4 --user root"),
    ],
)
def test_many_hosts_are_given_to_a_tool_at_once(name: str, part: str) -> None:
    assert part in " ".join(command(name, "plan", FLEET).argv)


@pytest.mark.parametrize("name", ["raw reads", "mise"])
def test_a_tool_for_one_host_takes_no_part_in_a_fleet(name: str) -> None:
    assert BY_NAME[name].command("plan", FLEET, Work()) is None


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("envwright", "2 hosts: 2 same.", ""),
        ("envwright", "3 hosts: 2 same, 1 differ.", CHANGES),
        ("ansible", "a: changed=0 unreachable=0 failed=0\nb: changed=0 unreachable=0 failed=0", ""),
        (
            "ansible",
            "a: changed=0 unreachable=0 failed=0\nb: changed=1 unreachable=0 failed=0",
            CHANGES,
        ),
        ("ansible", "", CHANGES),
    ],
)
def test_a_fleet_in_which_one_host_changes_is_no_figure(
    name: str, text: str, complaint: str
) -> None:
    assert command(name, "plan", FLEET).complaint(said(text)) == complaint


def test_the_logins_of_a_fleet_are_of_one_file(tmp_path: Path) -> None:
    logins = Login("box", tmp_path / "config", {"User": "root"}).ports([2201, 2202])
    config = tmp_path / "fleet.config"
    assert config.read_text() == (
        "Host host-2201\n    User root\n    Port 2201\n"
        "Host host-2202\n    User root\n    Port 2202\n"
    )
    assert {name: login.config for name, login in logins.items()} == {
        "host-2201": config,
        "host-2202": config,
    }
