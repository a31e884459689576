"""Go on machines: what goes wrong leaves nothing behind, caches move, drives are refused."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from machines.golang import toolchain
from test_main_job import envwright
from workstation import ENVIRONMENTS, workstation

from envwright.errors import EnvwrightError, RefusedError, StepError

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine, NewMachine
    from machines.repository import Repository
    from machines.server import Server

URL = "https://go.dev/dl/go1.27.3.linux-amd64.tar.gz"
COMPARE = "try again; where it stays, compare with the checksum that the publisher announces"
LEFT = "find /usr/local -name '*go*'; find /tmp -name 'tmp.*'"
"""Says what a failed attempt left."""


def apply(machine: Machine, folder: Path, section: str, more: str = "") -> None:
    (folder / "box.yaml").write_text(f"name: box\n{more}go: {section}\n", "utf-8")
    with workstation(machine, folder / "box.yaml") as station:
        station.apply()


def refusal(machine: Machine, folder: Path, section: str) -> EnvwrightError:
    with pytest.raises(EnvwrightError) as raised:
        apply(machine, folder, section)
    told = raised.value
    message, _, origin = told.message.rpartition("\n    wanted by ")
    assert origin.partition("\n")[0] == f"go ({folder}/box.yaml:2)"
    told.message = message
    return told


@pytest.fixture(scope="module")
def machine(
    go_server: Server, debian13: Machine, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    """A machine that trusts the server, and has nothing of Go."""
    assert go_server
    folder = tmp_path_factory.mktemp("bare")
    (folder / "box.yaml").write_text("name: box\npackages: [ca-certificates]\n", "utf-8")
    with workstation(debian13, folder / "box.yaml") as station:
        station.apply()
    debian13.sh("useradd --create-home dev")
    return debian13


# --- What goes wrong -----------------------------------------------------------------------------


def test_a_changed_archive_is_told_by_both_checksums_and_not_unpacked(
    machine: Machine, go_server: Server, tmp_path: Path
) -> None:
    data = bytearray(toolchain("1.27.3").read_bytes())
    wanted = hashlib.sha256(data).hexdigest()
    data[len(data) // 2] ^= 0xFF
    got = hashlib.sha256(data).hexdigest()
    with go_server.fault(r"dl/go1\.27", "corrupt"):
        told = refusal(machine, tmp_path, '{version: "1.27.3"}')
    assert (type(told), told.message, told.hint) == (
        StepError,
        (
            f"archive:/usr/local/go-1.27.3 failed on {machine.host}:\n"
            f"    {URL} has the SHA-256 {got}, not {wanted}: nothing was unpacked"
        ),
        COMPARE,
    )
    assert machine.sh(LEFT) == ""


def test_an_archive_that_is_not_the_pinned_one_is_not_unpacked(
    machine: Machine, tmp_path: Path
) -> None:
    got = hashlib.sha256(toolchain("1.27.3").read_bytes()).hexdigest()
    pinned = f"{{go1.27.3.linux-amd64.tar.gz: {'a' * 64}}}"
    told = refusal(machine, tmp_path, f'{{version: "1.27.3", sha256: {pinned}}}')
    assert (type(told), told.message, told.hint) == (
        StepError,
        (
            f"archive:/usr/local/go-1.27.3 failed on {machine.host}:\n"
            f"    {URL} has the SHA-256 {got}, not {'a' * 64}: nothing was unpacked"
        ),
        COMPARE,
    )
    assert machine.sh(LEFT) == ""


def test_a_download_that_breaks_off_leaves_nothing(
    machine: Machine, go_server: Server, tmp_path: Path
) -> None:
    with go_server.fault(r"dl/go1\.27", "truncate"):
        told = refusal(machine, tmp_path, '{version: "1.27.3"}')
    assert (type(told), told.message, told.hint) == (
        StepError,
        (
            f"archive:/usr/local/go-1.27.3 failed on {machine.host}:\n"
            f"    E: Failed to fetch {URL} "
            "OpenSSL error: error:0A000126:SSL routines::unexpected eof while reading\n"
            "    E: Download Failed"
        ),
        "try again; where it stays, the server or a proxy on the way spoils what it sends",
    )
    assert machine.sh(LEFT) == ""


def test_a_version_that_the_index_does_not_list_is_refused(
    machine: Machine, tmp_path: Path
) -> None:
    told = refusal(machine, tmp_path, '{version: "1.9.99"}')
    assert (type(told), told.message, told.hint) == (
        RefusedError,
        "https://go.dev/dl/?mode=json&include=all lists no SHA-256 of go1.9.99.linux-amd64.tar.gz",
        (
            "check that this version exists for this architecture; where a mirror lists no "
            "checksums, write the publisher's checksum into the environment"
        ),
    )
    assert machine.sh(LEFT) == ""


def test_an_index_that_cannot_be_had_is_told_by_its_address(
    machine: Machine, go_server: Server, tmp_path: Path
) -> None:
    with go_server.fault(r"go\.dev/dl$", "status:404"):
        told = refusal(machine, tmp_path, '{version: "1.27.3"}')
    assert (type(told), told.message, told.hint) == (
        StepError,
        (f"{machine.host} cannot download https://go.dev/dl/?mode=json&include=all: 404 Not Found"),
        "check the address, the machine's network, proxy and certificates",
    )
    assert machine.sh(LEFT) == ""


def test_a_tree_that_somebody_else_unpacked_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    machine.sh("mkdir /usr/local/go-1.27.3 && echo mine >/usr/local/go-1.27.3/file")
    told = refusal(machine, tmp_path, '{version: "1.27.3"}')
    assert told.message == (
        f"{machine.host}: /usr/local/go-1.27.3 is a directory that envwright did not unpack, and "
        "nothing is unpacked over another tree: move it away first"
    )
    assert machine.sh("cat /usr/local/go-1.27.3/file") == "mine\n"
    machine.sh("rm -r /usr/local/go-1.27.3")


def test_a_cache_on_a_windows_drive_is_refused(machine: Machine, tmp_path: Path) -> None:
    """A stand-in: no container can mount 9p, but any file system can be called drvfs.

    What WSL's own mounts look like is put to the same script in tests/unit/deploys/test_go.py.
    """
    machine.sh("mkdir -p /mnt/c && mount -t tmpfs drvfs /mnt/c")
    section = '{version: "1.27.3", users: [dev], env: {GOCACHE: /mnt/c/Users/dev/cache}}'
    told = refusal(machine, tmp_path, section)
    machine.sh("umount /mnt/c")
    assert (type(told), told.message, told.hint) == (
        RefusedError,
        (
            f"{machine.host}: GOCACHE of dev, /mnt/c/Users/dev/cache, would be on a Windows drive "
            "(drvfs), where each of a build's thousands of small files is a round trip to Windows"
        ),
        "name a folder on the distribution's own disk, like ~/.cache/go-build",
    )
    assert machine.sh(LEFT) == ""


# --- What a developer does -----------------------------------------------------------------------

MODULE = """\
set -e
mkdir -p ~/work && cd ~/work
printf 'module w\\n\\ngo 1.25\\n\\nrequire mvdan.cc/gofumpt v0.9.1\\n' >go.mod
printf '//go:build tools\\n\\npackage w\\n\\nimport _ "mvdan.cc/gofumpt"\\n' >w.go
"""


def as_dev(machine: Machine, script: str) -> str:
    machine.put("/tmp/script", script, mode="0755")
    said = machine.sh("su - dev -c '. /tmp/script'")
    machine.sh("rm /tmp/script")
    return said


def test_caches_that_were_in_use_move_and_are_used_where_they_are_now(
    machine: Machine, tmp_path: Path
) -> None:
    first = '{version: "1.26.6", users: [dev], env: {GOSUMDB: "off"}}'
    apply(machine, tmp_path, first)
    fetch = f"{MODULE}go mod download mvdan.cc/gofumpt && go build -o ~/it std\n"
    as_dev(machine, fetch.replace(" && go build -o ~/it std", " && go build fmt"))
    module = "pkg/mod/mvdan.cc/gofumpt@v0.9.1"
    assert machine.sh(f"stat -c %a /home/dev/go/{module}/go.mod") == "444\n"
    moved = "GOMODCACHE: /srv/go/mod, GOCACHE: ~/caches/build"
    second = f'{{version: "1.27.3", also: ["1.26.6"], users: [dev], env: {{{moved}}}}}'
    apply(machine, tmp_path, second)
    assert machine.sh("ls -d /home/dev/go/pkg/mod /home/dev/.cache/go-build 2>&1", check=False) == (
        "ls: cannot access '/home/dev/go/pkg/mod': No such file or directory\n"
        "ls: cannot access '/home/dev/.cache/go-build': No such file or directory\n"
    )
    asked = "stat -c '%a %U' /srv/go/mod/mvdan.cc/gofumpt@v0.9.1/go.mod"
    assert machine.sh(asked) == "444 dev\n"
    # Offline: what is needed is found where it was moved to.
    used = "cd ~/work && GOPROXY=off GOFLAGS=-mod=mod go list -m -f '{{.Dir}}' mvdan.cc/gofumpt"
    assert as_dev(machine, used) == "/srv/go/mod/mvdan.cc/gofumpt@v0.9.1\n"
    assert machine.sh("cat /home/dev/.config/go/env") == (
        "GOSUMDB=off\nGOCACHE=/home/dev/caches/build\nGOMODCACHE=/srv/go/mod\n"
    )


def test_two_versions_stand_side_by_side(machine: Machine) -> None:
    ask = "go version; go1.26.6 version; go1.26.6 env GOROOT; GOTOOLCHAIN=go1.26.6+path go version"
    assert as_dev(machine, ask) == (
        "go version go1.27.3 linux/amd64\n"
        "go version go1.26.6 linux/amd64\n"
        "/usr/local/go-1.26.6\n"
        "go version go1.26.6 linux/amd64\n"
    )


def test_a_tool_is_fetched_by_the_proxy_of_the_environment(
    machine: Machine, tmp_path: Path
) -> None:
    """No stand-in of a proxy: that nobody listens there is told by the one who asked it."""
    proxy = "environment: {HTTPS_PROXY: http://127.0.0.1:9, NO_PROXY: go.dev}\n"
    section = '{version: "1.27.3", users: [dev], env: {GOSUMDB: "off"}, tools: {dlv: "1.25.2"}}'
    (tmp_path / "box.yaml").write_text(f"name: box\ngo: {section}\n{proxy}", "utf-8")
    with workstation(machine, tmp_path / "box.yaml") as station, pytest.raises(StepError) as told:
        station.apply()
    machine.sh("rm /etc/profile.d/60-envwright.sh /etc/environment.d/60-envwright.conf")
    machine.sh("sed -i /PROXY=/d /etc/environment")
    machine.sh("rm /etc/systemd/system.conf.d/60-envwright.conf && systemctl daemon-reload")
    asked = "github.com/go-delve/delve/cmd/dlv"
    assert (told.value.message.splitlines()[:2], told.value.hint) == (
        [
            f"command:go tool dlv of dev failed on {machine.host}:",
            (
                f"    go: {asked}@v1.25.2: {asked}@v1.25.2: "
                f'Get "https://proxy.golang.org/{asked}/@v/v1.25.2.info": '
                "proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused"
            ),
        ],
        "look at the machine's network, name server and proxy",
    )


SLEEPER = """\
systemd:
  api.service: {content: "[Service]\\nExecStart=/bin/sleep infinity\\n", running: true}
"""


def test_limits_that_systemd_does_not_give_are_told(machine: Machine, tmp_path: Path) -> None:
    limits = "{memory_max: 100M, cpu_quota: 150%}"
    section = f'{{version: "1.27.3", services: {{api.service: {limits}}}}}'
    (tmp_path / "box.yaml").write_text(f"name: box\ngo: {section}\n{SLEEPER}", "utf-8")
    proved = []
    with workstation(machine, tmp_path / "box.yaml") as station:
        station.apply()
        for change in ("", "CPUQuota=6150%", "MemoryMax=infinity"):
            machine.sh(
                f"[ -z '{change}' ] || systemctl set-property --runtime api.service {change}"
            )
            proved += [
                (r.outcome, (r.reason or "").splitlines()[-1:])
                for r in station.verify()
                if r.id == "api.service runs with its limits"
            ]
    assert proved == [
        ("passed", []),
        (
            "failed",
            [
                (
                    "systemd does not limit it by CPUQuotaPerSecUSec=1.500000s, but by "
                    "CPUQuotaPerSecUSec=1min 1.500000s MemoryMax=104857600"
                )
            ],
        ),
        (
            "failed",
            [
                (
                    "systemd does not limit it by MemoryMax=104857600, but by "
                    "CPUQuotaPerSecUSec=1min 1.500000s MemoryMax=infinity"
                )
            ],
        ),
    ]
    machine.sh("systemctl revert api.service; systemctl stop api.service")


def test_a_windows_go_in_the_path_is_told_with_the_way_out(
    machine: Machine, tmp_path: Path
) -> None:
    """A stand-in for what appendWindowsPath does: a directory with a go.exe behind all others."""
    folder = "/mnt/c/Program Files/Go/bin"
    machine.sh(f"mkdir -p '{folder}' && touch '{folder}/go.exe'")
    machine.put("/etc/profile.d/99-windows.sh", f'PATH="$PATH:{folder}"\n')
    (tmp_path / "box.yaml").write_text('name: box\ngo: {version: "1.27.3", users: [dev]}\n')
    with workstation(machine, tmp_path / "box.yaml") as station:
        failed = {r.id: r.reason for r in station.verify() if r.outcome == "failed"}
    machine.sh("rm -r /mnt/c /etc/profile.d/99-windows.sh")
    assert list(failed) == ["a login shell of dev finds this Go, and none of Windows"]
    assert failed.popitem()[1].splitlines()[-2:] == [
        f"{folder}/go.exe is in PATH: Windows appends its own directories there; set",
        "`wsl: {interop: {appendWindowsPath: false}}`, or programs may take it for Go",
    ]


SETTINGS = "the go command of dev answers with these settings"
WINS = "a variable of the login shell wins over /home/dev/.config/go/env"
FINDS = "a login shell of dev finds this Go, and none of Windows"


@pytest.mark.parametrize(
    ("line", "check", "told"),
    [
        ("export GOFLAGS=-trimpath", SETTINGS, f"GOFLAGS is -trimpath: {WINS}"),
        ("export GOTOOLCHAIN=path", SETTINGS, f"GOTOOLCHAIN is path: {WINS}"),
        ("export GOENV=off", SETTINGS, "GOENV is off: go does not read /home/dev/.config/go/env"),
        (
            'PATH="$HOME/old:$PATH"',
            FINDS,
            "/home/dev/old/go comes before /usr/local/go/bin/go in PATH",
        ),
    ],
)
def test_what_wins_over_the_settings_in_a_login_is_named_with_its_line(
    machine: Machine, tmp_path: Path, line: str, check: str, told: str
) -> None:
    section = '{version: "1.27.3", users: [dev], toolchain: local, env: {GOFLAGS: -modcacherw}}'
    (tmp_path / "box.yaml").write_text(f"name: box\ngo: {section}\n", "utf-8")
    machine.sh("rm -f /home/dev/.profile; mkdir -p /home/dev/old")
    machine.sh("ln -sf /usr/local/go-1.27.3/bin/go /home/dev/old/go")
    with workstation(machine, tmp_path / "box.yaml") as station:
        station.apply()
        machine.put("/home/dev/.profile", f"# mine\n{line}\n")
        failed = {r.id: r.reason for r in station.verify() if r.outcome == "failed"}
    machine.sh("rm -r /home/dev/.profile /home/dev/old")
    assert check in failed
    said = failed[check].splitlines()
    assert said[said.index(told) + 1] == "look at /home/dev/.profile:2"


def test_the_go_workstation_is_proved_from_a_bare_machine(
    repository: Repository, go_server: Server, new_machine: NewMachine, tmp_path: Path
) -> None:
    assert go_server
    environment = tmp_path / "go-workstation.yaml"
    environment.write_text(
        f"name: go-workstation\nextends: {ENVIRONMENTS / 'go-workstation.yaml'}\n"
        f'docker: {{fingerprint: "{repository.fingerprint}"}}\n'
        # No stand-in can sign what sum.golang.org says.
        'go: {env: {GOSUMDB: "off"}}\n',
        "utf-8",
    )
    target = (str(environment), "--host", new_machine("ubuntu").host)
    said = envwright("apply", *target, "--yes")
    assert "dev builds and runs a program" in said
    assert "Nothing to do" in envwright("plan", *target)
