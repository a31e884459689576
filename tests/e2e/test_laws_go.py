"""The laws, for `go` and `logins`: a real Go from a mirror, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from laws import acted, drift
from machines.golang import publish_slim
from workstation import Workstation, workstation

from envwright.spec.environment import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server

ENVIRONMENT = """\
name: go-laws
secrets: {TOKEN: {file: token}}
user: {name: dev, shell: /bin/bash}
systemd:
  api.service:
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      [Install]
      WantedBy=multi-user.target
    running: true
    enabled: true
go:
  version: "1.27.3"
  mirror: https://files.envwright.test/go
  also: ["1.26.6"]
  users: [dev]
  toolchain: local
  env:
    GOCACHE: ~/caches/go-build
    GOMODCACHE: ~/caches/go-mod
    GOSUMDB: "off"
    GOFLAGS: -modcacherw
  tools: {dlv: "1.25.2", gofumpt: "0.9.1"}
  golangci_lint: {version: "2.5.0"}
  cross: [arm64]
  services: {api.service: {memory_max: 100M, gomaxprocs: 2}}
logins:
  users: [dev]
  netrc: {proxy.example.com: {login: dev, password: "{{ secret.TOKEN }}"}}
  git: {git.example.com: {login: dev, password: "{{ secret.TOKEN }}"}}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laws")
    (folder / "token").write_text("s3cret-t0ken\n", "utf-8")
    (folder / "go-laws.yaml").write_text(ENVIRONMENT, "utf-8")
    return folder / "go-laws.yaml"


@pytest.fixture(scope="module")
def bare(go_server: Server, debian13: Machine, environment: Path) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    publish_slim(go_server)
    with workstation(debian13, environment) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    assert bare.plan()
    assert "failed" in {result.outcome for result in bare.verify()}
    bare.apply()
    return bare


def test_the_environment_has_these_capabilities(environment: Path, bare: Workstation) -> None:
    sections = {section.section for section in load(environment, bare.facts).sections}
    assert sections == {"go", "logins", "systemd", "user"}


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    results = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
    assert {id_: said for id_, said in results.items() if not said.startswith("passed")} == {}


def test_law_2_a_second_apply_makes_no_step(converged: Workstation) -> None:
    before = converged.session.round_trips
    assert converged.apply() == []
    assert converged.session.round_trips - before == 1


def test_law_2_pyinfra_agrees_that_nothing_is_to_be_done(converged: Workstation) -> None:
    assert acted(converged) == []
    # Where a checksum is staged no rule of the laws looks; no apply leaves it there.
    converged.machine.sh("find /usr/local -maxdepth 1 -name '.*.envwright-new' -delete")


def test_law_8_the_secret_is_in_no_file_but_those_it_is_for(converged: Workstation) -> None:
    find = "grep -rlF s3cret-t0ken /etc /home /root /run /tmp /usr/local/bin /var/lib /var/log"
    assert sorted(converged.machine.sh(find, check=False).split()) == [
        "/home/dev/.config/envwright-logins/git.example.com",
        "/home/dev/.netrc",
    ]


def test_nothing_is_left_beside_what_was_unpacked(converged: Workstation) -> None:
    left = converged.machine.sh("find /usr/local /home /tmp /etc -name '*envwright-new*'")
    assert left == ""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}
