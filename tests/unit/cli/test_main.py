"""The language through the command line: each fault once, and all that is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import Said, error

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

BOMB = "\n".join(
    ["name: x", "a: &a [x,x,x,x,x,x,x,x,x,x]"]
    + [f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]" for a, b in ("ab", "bc", "cd", "de")]
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "dokcer: {}\n",
            [
                "error: box.yaml:2:1: there is no capability 'dokcer'; did you mean 'docker'?",
                "    dokcer: {}",
                "    ^",
                "hint: `envwright explain` lists the capabilities",
            ],
        ),
        (
            "docker: {usres: [dev]}\n",
            [
                "error: box.yaml:2:10: docker has no key 'usres'; did you mean 'users'?",
                "    docker: {usres: [dev]}",
                "             ^",
                "hint: envwright explain docker lists its keys",
            ],
        ),
        (
            'user: {name: dev, uid: "5"}\n',
            [
                "error: box.yaml:2:24: user.uid must be an integer from 1 to 60000, not text '5'",
                '    user: {name: dev, uid: "5"}',
                "                           ^",
                "hint: write 5 without quotes",
            ],
        ),
        (
            "user: {name: dev}\nuser: {name: you}\n",
            [
                "error: box.yaml:3:1: the key 'user' is here twice; the first is in line 2",
                "    user: {name: you}",
                "    ^",
                "hint: keep one of them",
            ],
        ),
        (
            "user:\n\tname: dev\n",
            [
                "error: box.yaml:3:1: a tab indents this line; YAML indents by blanks only",
                "    \tname: dev",
                "    ^",
            ],
        ),
        (
            "user:\n  name: dev\n uid: 5\n",
            [
                "error: box.yaml:4:2: bad indentation: this line lines up with no line above it",
                "     uid: 5",
                "     ^",
                "hint: begin keys of one mapping, and items of one list, in the same column",
            ],
        ),
        (
            b"name: x\nA: \xff\n",
            [
                "error: box.yaml:2:4: the byte 0xff is not UTF-8",
                "    A: \N{REPLACEMENT CHARACTER}",
                "       ^",
                "hint: save the file as UTF-8; in Latin-1 this byte is 'ÿ'",
            ],
        ),
        (
            b"\n",
            [
                "error: box.yaml:1:1: this file is empty",
                "hint: begin an environment with its name: `name: dev`",
            ],
        ),
        (
            BOMB.encode(),
            [
                (
                    "error: box.yaml:6:17: the file has more than 50000 values up to here, "
                    "with those of aliases"
                ),
                "    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
                "                    ^",
                "hint: check that this file is an environment",
            ],
        ),
        (
            b"#" * 10_000_000,
            [
                "error: box.yaml: the file has 9.5 MiB; an environment has at most 1 MiB",
                "hint: name an environment, and put large contents into files of their own",
            ],
        ),
        (
            "files: {/a: {content: '{{ colour }}'}}\n",
            [
                "error: box.yaml:2:23: there is no name 'colour'",
                "    files: {/a: {content: '{{ colour }}'}}",
                "                          ^",
                (
                    "hint: names here: architecture, codename, container, cpus, desktop, "
                    "distribution, distro, gpu, home, home_of, kernel, memory, release, secret, "
                    "user, wsl, wsl_version; write {% raw %}{{ }}{% endraw %} for literal braces"
                ),
            ],
        ),
    ],
    ids=[
        "capability",
        "key",
        "type",
        "twice",
        "tab",
        "indentation",
        "utf-8",
        "empty",
        "bomb",
        "10MB",
        "variable",
    ],
)
def test_a_file_that_is_no_environment_is_refused(
    text: str | bytes, lines: list[str], run: Run
) -> None:
    assert run("check", "box.yaml", text=text) == error(*lines)


def test_all_errors_of_a_file_are_told_at_once(run: Run) -> None:
    said = run("check", "box.yaml", text="dokcer: {}\nuser: {name: 2ev}\nsysctl: 5\n")
    assert (said.code, said.err.count("box.yaml:")) == (1, 3)


LINUX = "debian-13, debian-12, ubuntu-26.04, ubuntu-24.04, ubuntu-22.04"
UNDER_WSL = LINUX.replace(",", "-wsl,") + "-wsl"
NO_WINDOWS = (
    f"box.yaml: not for {LINUX}:\n"
    "    box.yaml:2: this environment has a Windows side, and this machine does not run under WSL\n"
    "        hint: put `windows` into an environment for WSL that extends this one\n"
)


def test_check_says_for_which_kinds_of_machine_an_environment_is_good(run: Run) -> None:
    said = run("check", "box.yaml", text="windows: {wslconfig: {wsl2: {memory: 8GB}}}\n")
    good = f"box.yaml: good for {UNDER_WSL}: 1 resources, 0 proofs\n"
    assert said == Said(0, NO_WINDOWS + good, "")


@pytest.mark.parametrize(
    ("kinds", "code", "out"),
    [
        ("debian-13-wsl", 0, "box.yaml: good for debian-13-wsl: 1 resources, 0 proofs\n"),
        (
            "debian-13,debian-13-wsl",
            1,
            (
                f"{NO_WINDOWS.replace(LINUX, 'debian-13')}"
                "box.yaml: good for debian-13-wsl: 1 resources, 0 proofs\n"
            ),
        ),
    ],
)
def test_check_for_named_kinds_fails_where_one_of_them_does_not_fit(
    kinds: str, code: int, out: str, run: Run
) -> None:
    text = "windows: {wslconfig: {wsl2: {memory: 8GB}}}\n"
    assert run("check", "box.yaml", "--for", kinds, text=text) == Said(code, out, "")


def test_a_kind_that_is_not_there_is_told_with_those_that_are(run: Run) -> None:
    said = run("check", "box.yaml", "--for", "debian-31", text="packages: [git]\n")
    assert said == error(
        "error: there is no kind of machine 'debian-31'; did you mean 'debian-13'?",
        f"hint: the kinds are {LINUX}, {UNDER_WSL}",
    )


@pytest.mark.parametrize("verb", ["check", "plan", "apply", "verify"])
def test_a_file_that_is_not_there_is_told_before_any_machine_is_asked(
    verb: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "boxes.yaml").touch()
    where = [] if verb == "check" else ["--host", "@ssh/nowhere.invalid"]
    assert run(verb, "box.yaml", *where) == error(
        "error: box.yaml: there is no such file; did you mean 'boxes.yaml'?"
    )


@pytest.mark.parametrize("verb", ["check", "plan"])
def test_a_file_that_is_not_named_is_asked_for(verb: str, run: Run) -> None:
    whose = "" if verb == "check" else " for @local"
    assert run(verb) == error(
        f"error: no environment is named{whose}",
        "hint: name a file: envwright plan environments/quickstart.yaml",
    )


def test_a_variable_that_the_file_does_not_declare_is_refused(run: Run) -> None:
    text = "vars: {colour: red}\npackages: [git]\n"
    assert run("check", "box.yaml", "--var", "color=blue", text=text) == error(
        "error: box.yaml has no variable 'color'; did you mean 'colour'?",
        "hint: it declares colour",
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "files: {/etc/wsl.conf: {content: x}}\nwsl: {boot: {systemd: true}}\n",
            (
                "/etc/wsl.conf is wanted as a whole file by files (box.yaml:2) "
                "and as a file of some keys by wsl (box.yaml:3)"
            ),
        ),
        (
            "docker: {daemon: {runtimes: {nvidia: {path: /opt/runtime}}}}\nnvidia: {}\n",
            (
                "/etc/docker/daemon.json: docker (box.yaml:2) wants runtimes/nvidia/path = "
                "'/opt/runtime', nvidia (box.yaml:3) wants 'nvidia-container-runtime'"
            ),
        ),
        (
            "packages:\n  install: [jq]\n  absent: [jq]\n",
            (
                "package:jq is wanted twice, differently: by packages (box.yaml:3) "
                "and by packages (box.yaml:4)"
            ),
        ),
        (
            "user: {name: dev, sudo: nopasswd}\nfiles: {/etc/sudoers.d/dev: {content: x}}\n",
            (
                "file:/etc/sudoers.d/dev is wanted twice, differently: by files (box.yaml:3) "
                "and by user (box.yaml:2)"
            ),
        ),
        (
            "docker: {}\nsystemd: {docker.service: {running: false}}\n",
            (
                "service:docker.service is wanted twice, differently: by docker (box.yaml:2) "
                "and by systemd (box.yaml:3)"
            ),
        ),
    ],
)
def test_capabilities_that_disagree_are_named_with_their_lines(
    text: str, what: str, run: Run
) -> None:
    assert run("check", "box.yaml", text=text) == error(
        f"error: {what}", "hint: remove one of the two"
    )
