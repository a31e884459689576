"""check: the kinds of machine that an environment is good for, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from command import Said, envwright

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run


def check(folder: Path, text: str, *arguments: str) -> Said:
    """Run check on sections below `name: box`."""
    (folder / "box.yaml").write_text(f"name: box\n{text}", "utf-8")
    return envwright("check", "box.yaml", *arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_environment_that_is_good_for_no_kind_is_an_error_at_its_line(folder: Path) -> None:
    said = check(folder, 'mounts: {/mnt/d: {drive: "D:"}}\n', "--for", "debian-13,debian-12")
    reason = "/mnt/d is a Windows drive, and this machine does not run under WSL"
    hint = "hint: put it into an environment for WSL that extends this one"
    assert said == Said(
        1,
        f"box.yaml: not for debian-13, debian-12:\n    box.yaml:2: {reason}\n        {hint}\n",
        f"error: box.yaml:2:18: {reason}\n"
        '    mounts: {/mnt/d: {drive: "D:"}}\n'
        "                     ^\n"
        f"{hint}\n",
    )


def test_accounts_that_nobody_makes_are_told_and_may_be_there(folder: Path) -> None:
    text = (
        "docker: {users: [dve]}\n"
        "user: {name: dev}\n"
        "files: {/srv/a: {directory: true, owner: web}}\n"
    )
    said = check(folder, text, "--for", "debian-13")
    assert (said.code, said.err, said.out.splitlines()[1:]) == (
        0,
        "",
        [
            "    box.yaml:2: there is no account dve; did you mean 'dev'?",
            (
                "        hint: have the environment make the account (`users: {dve: {}}`), or "
                "name one that the machine has"
            ),
            "    box.yaml:4: there is no user web to own /srv/a",
            "        hint: have the environment make the owner, or a package that it installs",
            "    box.yaml:4: there is no group web to own /srv/a",
            "        hint: have the environment make the owner, or a package that it installs",
        ],
    )


def reason(message: str, hint: str, line: int, column: int) -> dict[str, Any]:
    """A reason as JSON has it."""
    place = {"file": "box.yaml", "line": line, "column": column}
    return {"message": message, "hint": hint, **place}


def test_json_has_the_verdict_for_each_kind_with_places(folder: Path) -> None:
    text = (
        "systemd: {nap.service: {running: true}}\n"
        "wsl: {boot: {systemd: false}, user: {default: ann}}\n"
    )
    said = check(folder, text, "--for", "ubuntu-24.04,ubuntu-24.04-wsl", "--json")
    account = reason(
        "there is no account ann",
        "have the environment make the account (`users: {ann: {}}`), or name one that the machine "
        "has",
        3,
        47,
    )
    systemd = reason(
        "nap.service needs systemd as PID 1, which wsl (box.yaml:3) turns off",
        "have WSL keep systemd as PID 1, or leave this out",
        2,
        24,
    )
    linux = {"kind": "ubuntu-24.04", "good": True, "resources": 2, "proofs": 1}
    wsl = {"kind": "ubuntu-24.04-wsl", "good": False, "resources": 0, "proofs": 0}
    assert (said.code, said.err, json.loads(said.out)) == (
        1,
        "",
        {
            "version": 1,
            "environment": "box.yaml",
            "good": False,
            "kinds": [
                {**linux, "reasons": [], "assumes": [account]},
                {**wsl, "reasons": [systemd], "assumes": []},
            ],
            "reads": [],
            "runs": [],
            "notices": [],
        },
    )


def test_json_has_the_mistakes_of_a_file_too(folder: Path) -> None:
    said = check(folder, "dokcer: {}\n", "--for", "debian-13", "--json")
    mistake = reason(
        "there is no capability 'dokcer'; did you mean 'docker'?",
        "`envwright explain` lists the capabilities",
        2,
        1,
    )
    debian = {"kind": "debian-13", "good": False, "resources": 0, "proofs": 0}
    (kind,) = json.loads(said.out)["kinds"]
    expected = {**debian, "reasons": [mistake], "assumes": []}
    assert (said.code, said.err, kind) == (1, "", expected)


def test_a_mistake_that_only_one_kind_shows_is_told_for_this_kind(folder: Path) -> None:
    text = "packages: [\"{{ 'git' if wsl else 'Git' }}\"]\n"
    said = check(folder, text, "--for", "debian-13,debian-13-wsl")
    first, *_, last = said.out.splitlines()
    assert (said.code, said.err, first, last.rpartition(":")[0]) == (
        1,
        "",
        "box.yaml: not for debian-13:",
        "box.yaml: good for debian-13-wsl",
    )


def test_all_that_is_wrong_is_told_in_one_pass(folder: Path) -> None:
    text = (
        'mounts: {/mnt/d: {drive: "D:"}}\n'
        "compose: {a: {content: {services: {web: {image: x}}}}}\n"
        "packages: {install: [jq], absent: [jq]}\n"
    )
    said = check(folder, text, "--for", "debian-13", "--json")
    (kind,) = json.loads(said.out)["kinds"]
    assert [(each["line"], each["message"]) for each in kind["reasons"]] == [
        (2, "/mnt/d is a Windows drive, and this machine does not run under WSL"),
        (
            3,
            (
                "this needs Docker Engine, which no section brings: the distribution has no "
                "package docker-ce"
            ),
        ),
        (
            4,
            (
                "package:jq is wanted twice, differently: by packages (box.yaml:4) and by packages "
                "(box.yaml:4)"
            ),
        ),
    ]


def test_a_value_of_an_environment_is_explained_by_its_layers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("docker: {daemon: {mtu: 1500, bip: 10.1.0.1/16}}\n")
    team = tmp_path / "team.yaml"
    team.write_text(
        "name: team\nextends: base.yaml\nvars: {mtu: 1400}\n"
        "docker: {daemon: {mtu: '{{ mtu }}'}}\nsysctl: {when: wsl, vm.swappiness: 10}\n"
    )
    said = run("explain", str(team), "docker.daemon", "--var", "mtu=1300")
    assert (said.code, said.out.replace(f"{tmp_path}/", "")) == (
        0,
        (
            "docker.daemon.mtu = 1300\n"
            "    team.yaml:4\n"
            "    base.yaml:1 says 1500, which team.yaml hides\n"
            'docker.daemon.bip = "10.1.0.1/16"\n'
            "    base.yaml:1\n"
        ),
    )
    assert run("explain", str(team), "sysctl").code == 1
    assert (
        'sysctl."vm.swappiness" = 10'
        in run("explain", str(team), "sysctl", "--for", "debian-13-wsl").out
    )


POLICY = """\
policy:
  locked:
    sysctl: {reason: the kernel is tuned for all, until: 2020-01-31}
    docker: {reason: no containers here}
  bounds:
    packages: {reason: it sends passwords, excludes: [telnet]}
"""
ENDED = (
    "policy.yaml:3: the lock of sysctl ended on 2020-01-31, and holds no longer\n"
    "    hint: remove the lock, or give it a later date\n"
)


def files(folder: Path, **texts: str) -> None:
    """Write environments by name, and a policy that none of them extends."""
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\n{text}", "utf-8")


def test_several_environments_are_held_against_a_policy_and_each_is_told(folder: Path) -> None:
    files(folder, a="files: {/a: {content: a}}\n", b="packages: [telnet]\n", c="extends: b.yaml\n")
    said = envwright(
        *("check", "a.yaml", "b.yaml", "c.yaml", "--policy", "policy.yaml", "--for", "debian-13")
    )
    assert said == Said(
        1,
        f"a.yaml: good for debian-13: 1 resources, 0 proofs\n{ENDED}",
        'error: b.yaml:2:11: packages.install has "telnet", which the bound in policy.yaml:6 '
        "excludes: it sends passwords\n"
        "    packages: [telnet]\n"
        "              ^\n"
        "hint: change the value; only policy.yaml can move the bound\n",
    )


def test_json_of_several_environments_has_each_with_its_notices(folder: Path) -> None:
    files(folder, a="files: {/a: {content: a}}\n", b="docker: {}\n")
    said = envwright(
        *("check", "a.yaml", "b.yaml", "--policy", "policy.yaml", "--for", "debian-13", "--json")
    )
    debian: dict[str, Any] = {"kind": "debian-13", "good": True, "assumes": [], "reasons": []}
    message = "docker is locked by policy.yaml:4: no containers here"
    remove = "remove it here; only policy.yaml can lift the lock"
    locked = {**reason(message, remove, 2, 9), "file": "b.yaml"}
    ended = "the lock of sysctl ended on 2020-01-31, and holds no longer"
    hint = "remove the lock, or give it a later date"
    notice = {**reason(ended, hint, 3, 5), "file": "policy.yaml"}
    nothing: dict[str, Any] = {"version": 1, "reads": [], "runs": []}
    broken = {**debian, "good": False, "resources": 0, "proofs": 0, "reasons": [locked]}
    assert (said.code, said.err, json.loads(said.out)) == (
        1,
        "",
        {
            "version": 1,
            "good": False,
            "environments": [
                {
                    **nothing,
                    "environment": "a.yaml",
                    "good": True,
                    "kinds": [{**debian, "resources": 1, "proofs": 0}],
                    "notices": [notice],
                },
                {
                    **nothing,
                    "environment": "b.yaml",
                    "good": False,
                    "kinds": [broken],
                    "notices": [],
                },
            ],
        },
    )


def test_a_file_that_is_named_as_a_policy_must_have_one(folder: Path) -> None:
    files(folder, a="packages: [git]\n")
    said = envwright("check", "a.yaml", "--policy", "a.yaml", "--for", "debian-13")
    assert said == Said(
        1,
        "",
        "error: a.yaml:1:1: this file has no policy\n"
        "    name: a\n"
        "    ^\n"
        "hint: name a file with `policy:`; `envwright explain policy` tells what it holds\n",
    )


def test_conditions_are_told_for_all_kinds_and_variables_for_one(folder: Path) -> None:
    (folder / "a.yaml").write_text(
        "name: a\nvars: {x: '{{ distro }}'}\n"
        "files: {/a: {when: release >= 13, content: '{{ x }}'}}\n"
    )
    kinds = "debian-13, ubuntu-26.04, ubuntu-24.04, ubuntu-22.04"
    wsl = "debian-13-wsl, ubuntu-26.04-wsl, ubuntu-24.04-wsl, ubuntu-22.04-wsl"
    assert envwright("explain", "when", "a.yaml").out == (
        '"release >= 13" of files./a\n'
        "    a.yaml:3\n"
        f"    true for {kinds}, {wsl}\n"
        "    false for debian-12, debian-12-wsl\n"
    )
    assert envwright("explain", "vars", "a.yaml", "--for", "ubuntu-24.04").out == (
        'vars.x = "ubuntu"\n    a.yaml:2\n    used by files./a.content (a.yaml:3)\n'
    )
    said = envwright("explain", "secrets", "b.yaml")
    assert (said.code, said.err.splitlines()[0]) == (
        1,
        "error: b.yaml: there is no such file; did you mean 'a.yaml'?",
    )
    assert envwright("explain", "secrets", "a.yaml").out == "a.yaml has no secrets\n"
