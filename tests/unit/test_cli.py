"""The command line: what it says, to whom, and the exit code, for all that needs no machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import Said

from envwright import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Said]

BOMB = "\n".join(
    ["name: x", "a: &a [x,x,x,x,x,x,x,x,x,x]"]
    + [f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]" for a, b in ("ab", "bc", "cd", "de")]
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a folder of its own, where a text is written to box.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", "-F none")

    def function(*arguments: str, text: str | bytes = "") -> Said:
        if text:
            raw = text if isinstance(text, bytes) else f"name: box\n{text}".encode()
            (tmp_path / "box.yaml").write_bytes(raw)
        code = cli.main(arguments)
        return Said(code, *capsys.readouterr())

    return function


def error(*lines: str) -> Said:
    """How a command ends that cannot do what it is told."""
    return Said(1, "", "".join(f"{line}\n" for line in lines))


# --- The language, once through the command line ----------------------------------------------


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
                "error: box.yaml:1:1: there is nothing in this file",
                "hint: an environment begins with its name: `name: dev`",
            ],
        ),
        (
            BOMB.encode(),
            [
                "error: box.yaml:6:17: up to here there are more than 50000 values, "
                "aliases written out",
                "    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
                "                    ^",
                "hint: an environment is written by hand: is it the right file?",
            ],
        ),
        (
            b"#" * 10_000_000,
            [
                "error: box.yaml: the file has 9.5 MiB; an environment has at most 1 MiB",
                "hint: name an environment; large contents belong in files of their own",
            ],
        ),
        (
            "files: {/a: {content: '{{ colour }}'}}\n",
            [
                "error: box.yaml:2:23: there is no name 'colour'",
                "    files: {/a: {content: '{{ colour }}'}}",
                "                          ^",
                "hint: names here: architecture, codename, distribution, distro, home, home_of, "
                "kernel, release, secret, wsl; for braces that are meant write "
                "{% raw %}{{ }}{% endraw %}",
            ],
        ),
    ],
    ids="capability key type twice tab indentation utf-8 empty bomb 10MB variable".split(),
)
def test_a_file_that_is_no_environment_is_refused(
    text: str | bytes, lines: list[str], run: Run
) -> None:
    assert run("check", "box.yaml", text=text) == error(*lines)


def test_all_errors_of_a_file_are_told_at_once(run: Run) -> None:
    said = run("check", "box.yaml", text="dokcer: {}\nuser: {name: Dev}\nsysctl: 5\n")
    assert (said.code, said.err.count("box.yaml:")) == (1, 3)


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
            "/etc/wsl.conf is wanted as a whole file by files (box.yaml:2) "
            "and as a file of some keys by wsl (box.yaml:3)",
        ),
        (
            "packages:\n  install: [jq]\n  absent: [jq]\n",
            "package:jq is wanted twice, differently: by packages (box.yaml:3) "
            "and by packages (box.yaml:4)",
        ),
        (
            "user: {name: dev, sudo: nopasswd}\nfiles: {/etc/sudoers.d/dev: {content: x}}\n",
            "file:/etc/sudoers.d/dev is wanted twice, differently: by files (box.yaml:3) "
            "and by user (box.yaml:2)",
        ),
        (
            "docker: {}\nsystemd: {docker.service: {running: false}}\n",
            "service:docker.service is wanted twice, differently: by docker (box.yaml:2) "
            "and by systemd (box.yaml:3)",
        ),
    ],
)
def test_capabilities_that_disagree_are_named_with_their_lines(
    text: str, what: str, run: Run
) -> None:
    assert run("check", "box.yaml", text=text) == error(
        f"error: {what}", "hint: say it in one place"
    )


# --- Where ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        (
            ["--host", "@dokcer/box"],
            [
                "error: @dokcer/box: there is no connector @dokcer; did you mean @docker?",
                "hint: a host is @local, @ssh/[user@]host[:port], @docker/ID, @podman/ID, "
                "@chroot/DIR or a name of ssh",
            ],
        ),
        (
            ["--host", "127.0.0.1:1"],
            [
                "error: 127.0.0.1:1: nothing listens on its ssh port",
                "ssh: connect to host 127.0.0.1 port 1: Connection refused",
                "hint: check the port, and that sshd runs there",
            ],
        ),
        (
            ["--host", "@local", "--inventory", "team.py"],
            [
                "error: --host and --inventory both say where",
                "hint: --limit takes some of an inventory",
            ],
        ),
        (
            ["--limit", "laptops"],
            ["error: --limit is for an --inventory", "hint: name one host by --host"],
        ),
        (
            ["--inventory", "nowhere.py"],
            ["error: nowhere.py: no such inventory", "hint: name a Python file of hosts"],
        ),
        (
            ["--inventory", "empty.py"],
            [
                "error: empty.py names no host",
                "hint: an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
            ],
        ),
        (
            ["--inventory", "team.py", "--limit", "laptops"],
            [
                "error: team.py names no host that matches laptops",
                "hint: an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
            ],
        ),
    ],
)
def test_a_place_that_is_none_is_refused(
    where: list[str], lines: list[str], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty.py").write_text("hosts = []\n")
    (tmp_path / "team.py").write_text("hosts = ['@local']\n")
    assert run("plan", "box.yaml", *where, text="packages: [git]\n") == error(*lines)


def test_an_inventory_that_names_no_environment_needs_one_on_the_command_line(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "team.py").write_text("hosts = ['@local']\n")
    assert run("plan", "--inventory", "team.py") == error(
        "error: no environment is named for @local",
        "hint: name a file: envwright plan environments/quickstart.yaml",
    )


def test_an_export_is_for_one_machine(run: Run) -> None:
    where = ("--host", "@docker/a", "--host", "@docker/b")
    assert run("export", "pyinfra", "box.yaml", *where, text="packages: [git]\n") == error(
        "error: an export is for one machine, not @docker/a, @docker/b", "hint: name one"
    )
