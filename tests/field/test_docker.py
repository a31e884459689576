"""Docker on machines that had a daemon.json, options and drives of their own before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from command import Said
    from field_case import Case, Place
    from machines.machine import Machine
    from machines.repository import Repository

JSON = "/etc/docker/daemon.json"


class Run(Protocol):
    """Runs a verb of a case, with an environment of its folder."""

    def __call__(self, case: Case, verb: str, box: str = "box.yaml") -> Said: ...


@pytest.fixture
def run(repository: Repository) -> Run:
    def function(case: Case, verb: str, box: str = "box.yaml") -> Said:
        if box != "box.yaml":
            (case.folder / "box.yaml").write_text((case.folder / box).read_text("utf-8"), "utf-8")
        options = ["--yes"] if verb == "apply" else []
        return case.run(verb, "--var", f"docker_key={repository.fingerprint}", *options)

    return function


def converges(run: Run, case: Case, box: str = "box.yaml") -> None:
    """Apply and verify; then plan finds nothing to do."""
    applied = run(case, "apply", box)
    assert applied.code == 0, applied
    planned = run(case, "plan", box)
    assert "Nothing to do" in planned.out, planned


def daemon_json(machine: Machine) -> object:
    return json.loads(machine.sh(f"cat {JSON}"))


def test_addresses_of_another_machine_are_told_with_the_drop_in_that_ends_the_clash(
    place: Place, run: Run, debian13: Machine
) -> None:
    case = place("docker-hosts-copied", debian13)
    said = run(case, "plan")
    assert (said.code, said.err) == (
        1,
        (
            f"error: HOST: Docker would not start: {JSON} has `hosts`, and ExecStart of the "
            "package's docker.service gives `-H fd://`\n"
            "    wanted by docker (box.yaml:3)\n"
            f"hint: leave `hosts` out of the environment and of {JSON}, or have ExecStart without "
            "`-H fd://` by a drop-in in the environment: `systemd: {docker.service: {drop_ins: "
            '{options: "[Service]\\nExecStart=\\nExecStart=/usr/bin/dockerd '
            '--containerd=/run/containerd/containerd.sock\\n"}}}`\n'
        ),
    )
    assert said.err.rpartition("environment: `")[2].rstrip("`\n") in (
        case.folder / "mended.yaml"
    ).read_text("utf-8")
    converges(run, case, "mended.yaml")
    assert debian13.sh("docker -H tcp://127.0.0.1:2375 info --format '{{.LoggingDriver}}'") == (
        "json-file\n"
    )
    debian13.sh(
        f"rm -r /etc/systemd/system/docker.service.d {JSON}; systemctl daemon-reload; "
        "systemctl restart docker.socket docker.service\n"
        # So many restarts in so short a time are the tests' doing.
        "systemctl reset-failed docker.service"
    )


def test_a_log_driver_comes_without_the_options_of_the_one_before(
    place: Place, run: Run, debian13: Machine
) -> None:
    case = place("docker-log-driver", debian13)
    converges(run, case, "silent.yaml")
    assert daemon_json(debian13) == {
        "log-driver": "json-file",
        "log-opts": {"max-size": "10m", "max-file": "3"},
    }
    case = place("docker-log-driver", debian13)
    converges(run, case)
    journald = {"log-driver": "journald", "log-opts": {"tag": "site"}}
    assert daemon_json(debian13) == journald
    converges(run, case, "silent.yaml")
    assert daemon_json(debian13) == journald


REFUSED = {
    '{\n  // mirror\n  "debug": true\n}\n': "line 2: not JSON: it has no comments, remove this one",
    '{"debug": true,}': "line 1: not JSON: a comma before the closing bracket, remove it",
    "<html><body>404</body></html>\n": "line 1: not JSON: Expecting value",
    "[]\n": "line 1: not a JSON object",
    '{"debug": true,\n "debug": false}\n': "line 2: the name 'debug' is twice, remove one of them",
    '{"log-opts": "none"}': "log-opts/max-size cannot be: log-opts is not an object",
}
READ = {
    "nothing": (b"", {}),
    "null": (b"null\n", {}),
    "UTF-8 with a mark": (b'\xef\xbb\xbf{"debug": true}\n', {"debug": True}),
    "UTF-16": ('\ufeff{"debug": true}\r\n'.encode("utf-16-le"), {"debug": True}),
}


def test_a_daemon_json_that_dockerd_does_not_read_is_refused_by_its_line(
    place: Place, run: Run, debian13: Machine
) -> None:
    case = place("docker-odd-files", debian13)
    told = {}
    for text in REFUSED:
        debian13.put(JSON, text)
        said = run(case, "plan")
        told[text] = (
            said.code,
            said.err.partition("cannot be edited safely: ")[2].splitlines()[:1],
        )
        assert debian13.sh(f"cat {JSON}") == text
    assert told == {text: (1, [reason]) for text, reason in REFUSED.items()}


@pytest.mark.parametrize("spelling", READ)
def test_a_daemon_json_that_dockerd_reads_is_edited_in_its_encoding(
    spelling: str, place: Place, run: Run, debian13: Machine
) -> None:
    case = place("docker-odd-files", debian13)
    data, values = READ[spelling]
    debian13.sh(f"echo {data.hex()} | perl -ne 'chomp; print pack q(H*), $_' >{JSON}")
    debian13.sh("systemctl reset-failed docker.service")
    converges(run, case)
    shown = bytes.fromhex(debian13.sh(f"od -An -v -tx1 {JSON}"))
    assert shown[:2] == (data[:2] if data[:1] > b"\x80" else shown[:2])
    encoding = "utf-16" if shown[:1] == b"\xff" else "utf-8-sig"
    rotation = {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}
    assert json.loads(shown.decode(encoding)) == {**values, "mtu": 1400, **rotation}


def test_a_key_that_only_a_newer_daemon_knows_is_told_in_the_words_of_dockerd(
    place: Place, run: Run, debian13: Machine
) -> None:
    debian13.put(JSON, '{"debug": true}\n')
    case = place("docker-min-api-version", debian13)
    said = run(case, "apply")
    assert (said.code, daemon_json(debian13)) == (1, {"debug": True})
    assert (
        "the following directives don't match any configuration option: min-api-version" in said.err
    )
    debian13.sh("docker version")
    converges(run, case, "older.yaml")
    assert debian13.sh("docker info --format '{{.LoggingDriver}}'") == "json-file\n"


def test_an_option_of_a_unit_that_is_a_key_too_is_told_with_its_place(
    place: Place, run: Run, debian13: Machine
) -> None:
    debian13.put(JSON, "{}")
    case = place("docker-option-twice", debian13)
    said = run(case, "plan")
    debian13.sh("rm -r /etc/systemd/system/docker.service.d /etc/default/docker")
    assert (said.code, said.err.splitlines()[0], said.err.splitlines()[-1]) == (
        1,
        (
            f"error: HOST: Docker would not start: {JSON} has `insecure-registries`, and ExecStart "
            "of /etc/systemd/system/docker.service.d/custom.conf gives "
            "`--insecure-registry 192.168.0.2:5000`"
        ),
        (
            f"hint: leave `insecure-registries` out of the environment and of {JSON}, or have "
            "ExecStart without `--insecure-registry 192.168.0.2:5000` by a drop-in in the "
            "environment: `systemd: {docker.service: {drop_ins: {options: "
            '"[Service]\\nExecStart=\\nExecStart=/usr/bin/dockerd -H fd:// --debug\\n"}}}`'
        ),
    )


def test_a_data_root_that_a_restart_would_empty_is_told(
    place: Place, run: Run, debian13: Machine
) -> None:
    case = place("docker-data-root", debian13)
    said = run(case, "plan")
    debian13.sh("umount /mnt/memory")
    assert (said.code, said.err) == (
        1,
        (
            "error: HOST: Docker's folder /mnt/memory/docker lies on /mnt/memory (tmpfs), which is "
            "in memory: images and volumes would be gone after a restart\n"
            "    wanted by docker (box.yaml:3)\n"
            "hint: name a folder on a disk of Linux as `data-root` of `docker: {daemon: ...}`\n"
        ),
    )
