"""go: toolchains side by side, settings in Go's own file, caches that move."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.model.capability import render
from envwright.model.operations import Checksum
from envwright.model.resource import Difference, Fields, FileKey
from envwright.resources.archive import Archive
from envwright.resources.file import File
from envwright.resources.search_path import SearchPath

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
go:
  version: "1.27.3"
  also: ["1.26.6"]
  users: [dev]
  toolchain: local
  env: {GOPATH: ~/go-home, GOCACHE: /data/go-build, GOFLAGS: -modcacherw, CGO_ENABLED: true}
  tools: {gofumpt: "0.9.1", example.com/x/v2/cmd/it/v3: v3.0.0}
  golangci_lint: {version: "2.5.0"}
  cross: [amd64, arm64, windows]
  services: {api.service: {memory_max: 1G, cpu_quota: 150%}}
"""
DEV: Fields = {"owner": "dev", "group": "dev"}
ROOT: Fields = {"owner": "root", "group": "root"}


def tree(archive: str) -> Fields:
    return {"kind": "directory", "mode": "0755", **ROOT, "archive": archive, "intact": True}


def link(target: str) -> Fields:
    return {"kind": "link", "target": target, **ROOT}


PROFILE, FISH, USERS = (
    resource.content
    for resource in SearchPath("x", ("/usr/local/go/bin", "~/go-home/bin")).resources()
    if isinstance(resource, File)
)
FOLDERS = (
    "directory:/home/dev/.config",
    "directory:/home/dev/.config/go",
    "directory:/home/dev/go-home",
    "directory:/data/go-build",
)
LIMITS = """\
# Written by envwright: change the environment, not this file.
[Service]
MemoryMax=1G
CPUQuota=150%
Environment=GOMEMLIMIT=966367641B
"""


def test_all_of_it_is_what_it_says(tmp_path: Path) -> None:
    file: Fields = {"kind": "file", "mode": "0644"}
    folder: Fields = {"kind": "directory", **DEV}
    packages = ("gcc", "libc6-dev", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")
    wanted: dict[str, Any] = {
        f"package:{name}": {} for name in ("ca-certificates", *packages, "gcc-mingw-w64-x86-64")
    }
    wanted |= {
        "archive:/usr/local/go-1.27.3": tree("go1.27.3.linux-amd64.tar.gz"),
        "archive:/usr/local/go-1.26.6": tree("go1.26.6.linux-amd64.tar.gz"),
        "archive:/usr/local/golangci-lint-2.5.0": tree("golangci-lint-2.5.0-linux-amd64.tar.gz"),
        "link:/usr/local/go": link("/usr/local/go-1.27.3"),
        "link:/usr/local/bin/go1.27.3": link("/usr/local/go-1.27.3/bin/go"),
        "link:/usr/local/bin/go1.26.6": link("/usr/local/go-1.26.6/bin/go"),
        "link:/usr/local/bin/golangci-lint": link("/usr/local/golangci-lint-2.5.0/golangci-lint"),
        "file:/etc/profile.d/61-envwright-go.sh": {**file, **ROOT, "content": PROFILE},
        "file:/etc/fish/conf.d/61-envwright-go.fish": {**file, **ROOT, "content": FISH},
        "command:zsh reads /etc/profile.d/61-envwright-go.sh": {"value": "read"},
        "file:/etc/environment.d/99-path-61-envwright-go.conf": {**file, **ROOT, "content": USERS},
        **dict.fromkeys(FOLDERS, folder),
        "command:go cache GOCACHE of dev": {"value": "/data/go-build"},
        "command:go cache GOMODCACHE of dev": {"value": "/home/dev/go-home/pkg/mod"},
        "keys:/home/dev/.config/go/env": {
            **file,
            **DEV,
            FileKey("GOTOOLCHAIN"): "local",
            FileKey("GOPATH"): "/home/dev/go-home",
            FileKey("GOCACHE"): "/data/go-build",
            FileKey("GOFLAGS"): "-modcacherw",
            FileKey("CGO_ENABLED"): "1",
        },
        "command:go tool gofumpt of dev": {"value": "mvdan.cc/gofumpt@v0.9.1"},
        "command:go tool example.com/x/v2/cmd/it/v3 of dev": {
            "value": "example.com/x/v2/cmd/it/v3@v3.0.0"
        },
        "file:/etc/systemd/system/api.service.d/61-envwright-go.conf": {
            **file,
            **ROOT,
            "content": LIMITS,
        },
        "service:api.service": {"up to date": True},
    }
    assert states(tmp_path, SECTION) == wanted


def test_a_cache_moves_before_the_file_that_says_where_it_is(tmp_path: Path) -> None:
    order = list(states(tmp_path, SECTION))
    steps = (
        "directory:/data/go-build",
        "command:go cache GOCACHE of dev",
        "keys:/home/dev/.config/go/env",
        "command:go tool gofumpt of dev",
    )
    assert sorted(steps, key=order.index) == list(steps)


def test_every_script_is_well_written(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def sources(folder: Path, more: str) -> list[Any]:
    made = compile_section(folder, f'go:\n  version: "1.27.3"\n{more}')
    (archive,) = (r for r in made.resources if isinstance(r, Archive))
    put, _ = archive.converge(Difference(None, archive.desired(), ("exists",)))
    return [archive.url, archive.sha256 or put.arguments["src"]]


def test_the_checksum_is_looked_up_in_the_release_index_unless_it_is_given(tmp_path: Path) -> None:
    file, listed = "go1.27.3.linux-amd64.tar.gz", "/?mode=json&include=all"
    official, mirror = "https://go.dev/dl", "https://mirror.test/golang"
    assert sources(tmp_path, "") == [f"{official}/{file}", Checksum(official + listed, file)]
    assert sources(tmp_path, f"  mirror: {mirror}\n") == [
        f"{mirror}/{file}",
        Checksum(mirror + listed, file),
    ]
    both = f"  mirror: {mirror}\n  index: {official}/list\n"
    assert sources(tmp_path, both) == [f"{mirror}/{file}", Checksum(f"{official}/list", file)]
    pinned = f"  mirror: {mirror}\n  sha256: {{{file}: {'a' * 64}}}\n"
    assert sources(tmp_path, pinned) == [f"{mirror}/{file}", "a" * 64]


def test_an_architecture_without_archives_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path, SECTION, replace(DEBIAN, architecture="alpha")) == [
        "2:1: Go publishes no archives for alpha"
    ]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{version: 1.27}",
            '2:15: go.version must be a version in quotes, like "1.27.3", not the number 1.27',
        ),
        (
            '{version: "latest"}',
            "2:15: go.version must be a version in quotes, like \"1.27.3\", not text 'latest'",
        ),
        (
            '{version: "1.27.3", env: {GOOS: linux}}',
            "2:5: go has 'env', but no accounts for it: name them in 'users'",
        ),
        (
            '{version: "1.27.3", users: [a, b], env: {GOCACHE: /var/cache/go}}',
            "2:5: go has one GOCACHE for several accounts: begin it with `~/`",
        ),
        (
            '{version: "1.27.3", users: [a], env: {GOCACHE: cache}}',
            "2:52: go.env.GOCACHE must be an absolute path, or one that begins with `~/`",
        ),
        (
            '{version: "1.27.3", users: [a], env: {GOCASHE: /c}}',
            "2:43: go.env has no key 'GOCASHE'; did you mean 'GOCACHE'?",
        ),
        (
            '{version: "1.27.3", users: [a], tools: {dlv: latest}}',
            "2:50: go.tools.dlv must be a version, like \"1.25.2\", not text 'latest'",
        ),
    ],
)
def test_what_would_not_mean_the_same_everywhere_is_refused(
    section: str, told: str, tmp_path: Path
) -> None:
    assert refusals(tmp_path, f"go: {section}\n") == [told]


def test_the_linter_s_release_for_arm_is_called_armv6(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, replace(DEBIAN, architecture="armhf"))
    assert [r.url.rpartition("/")[2] for r in made.resources if isinstance(r, Archive)] == [
        "go1.27.3.linux-armv6l.tar.gz",
        "go1.26.6.linux-armv6l.tar.gz",
        "golangci-lint-2.5.0-linux-armv6.tar.gz",
    ]


# --- Its scripts, run here ---------------------------------------------------------------------

MOUNTS = """\
/dev/sdc / ext4 rw,relatime 0 0
C:\\134 /mnt/c 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000;symlinkroot=/mnt/,trans=fd 0 0
drvfsD /mnt/my\\040disk virtiofs rw,noatime 0 0
E: /mnt/e drvfs rw,noatime 0 0
none /mnt/wsl tmpfs rw 0 0
share /mnt/9p 9p rw,trans=virtio 0 0
/dev/sdd /mnt/c/ext4 ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/home/dev/.cache", (0, "is on /dev/sdc ext4 rw,relatime")),
        ("/mnt/c/cache", (1, "is on C:\\134 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000;")),
        ("/mnt/c", (1, "is on C:\\134 9p")),
        ("/mnt/cache", (0, "is on /dev/sdc ext4")),
        ("/mnt/c/ext4/cache", (0, "is on /dev/sdd ext4 rw")),
        ("/mnt/my disk/cache", (1, "is on drvfsD virtiofs")),
        ("/mnt/e/x", (1, "is on E: drvfs")),
        ("/mnt/9p/x", (0, "is on share 9p")),
    ],
)
def test_a_windows_drive_is_known_in_every_form_that_wsl_mounts_it(
    path: str, seen: tuple[int, str], tmp_path: Path
) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    script = render("go.native.sh", path=f"'{path}'", mounts=tmp_path / "mounts")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith(f"{path} {seen[1]}")) == (seen[0], True)


def where(home: Path, key: str, wanted: Path, by: str = "") -> str:
    script = render(
        "go.where.sh", key=key, by=by or key, env=home / "env", home=home, wanted=wanted
    )
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout


def move(home: Path, key: str, wanted: Path) -> None:
    values = {"env": home / "env", "home": home, "wanted": wanted}
    subprocess.run(["sh", "-c", render("go.move.sh", key=key, by=key, **values)], check=True)


def filled(folder: Path, name: str = "x") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(name)
    return folder


def test_the_present_place_of_a_cache_is_the_file_s_or_go_s_default(tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert where(tmp_path, "GOCACHE", new) == f"{new}\n"
    default = filled(tmp_path / ".cache" / "go-build")
    assert where(tmp_path, "GOCACHE", new) == f"{default}\n"
    said = filled(tmp_path / "said")
    (tmp_path / "env").write_text(f"GOCACHE=/nowhere\nGOCACHE={said}\n")
    assert where(tmp_path, "GOCACHE", new) == f"{said}\n"
    assert where(tmp_path, "GOCACHE", said) == f"{said}\n"
    (tmp_path / "env").write_text("GOCACHE=/nowhere\n")
    assert where(tmp_path, "GOCACHE", new) == f"{new}\n"


def test_the_module_cache_follows_gopath(tmp_path: Path) -> None:
    new = tmp_path / "new"
    default = filled(tmp_path / "go" / "pkg" / "mod")
    assert where(tmp_path, "GOMODCACHE", new) == f"{default}\n"
    said = filled(tmp_path / "path" / "pkg" / "mod")
    (tmp_path / "env").write_text(f"GOPATH={tmp_path / 'path'}:/other\n")
    assert where(tmp_path, "GOMODCACHE", new) == f"{said}\n"


def test_a_module_cache_with_a_place_of_its_own_does_not_follow_gopath(tmp_path: Path) -> None:
    new = tmp_path / "path" / "pkg" / "mod"
    default = filled(tmp_path / "go" / "pkg" / "mod")
    assert where(tmp_path, "GOMODCACHE", new, by="GOPATH") == f"{default}\n"
    own = filled(tmp_path / "data" / "mod")
    (tmp_path / "env").write_text(f"GOMODCACHE={own}\n")
    assert where(tmp_path, "GOMODCACHE", new, by="GOPATH") == f"{new}\n"
    assert where(tmp_path, "GOMODCACHE", new) == f"{own}\n"


def test_a_read_only_module_cache_moves_whole(tmp_path: Path) -> None:
    old, new = tmp_path / "go" / "pkg" / "mod", tmp_path / "new"
    module = filled(old / "a@v1", "go.mod")
    (module / "go.mod").chmod(0o444)
    module.chmod(0o555)
    new.mkdir()
    move(tmp_path, "GOMODCACHE", new)
    assert [str(path.relative_to(new)) for path in new.rglob("*")] == ["a@v1", "a@v1/go.mod"]
    modes = [(new / name).stat().st_mode & 0o777 for name in ("a@v1", "a@v1/go.mod")]
    assert (modes, old.exists()) == ([0o555, 0o444], False)
    assert where(tmp_path, "GOMODCACHE", new) == f"{new}\n"
    (new / "a@v1").chmod(0o755)


def test_what_is_in_both_places_is_joined(tmp_path: Path) -> None:
    old, new = tmp_path / ".cache" / "go-build", tmp_path / "new"
    filled(old, "a")
    filled(old / "sub", "b")
    filled(new, "a")
    filled(new, "c")
    move(tmp_path, "GOCACHE", new)
    assert sorted(str(path.relative_to(new)) for path in new.rglob("*")) == [
        "a",
        "c",
        "sub",
        "sub/b",
    ]
    assert not old.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second file system")
def test_a_cache_moves_from_one_file_system_to_another(tmp_path: Path) -> None:
    old, new = tmp_path / ".cache" / "go-build", tmp_path / "new"
    old.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "none", str(old)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container may mount nothing")
    try:
        filled(old / "sub", "b")
        move(tmp_path, "GOCACHE", new)
        found = sorted(str(path.relative_to(new)) for path in new.rglob("*"))
        assert (found, list(old.iterdir())) == (["sub", "sub/b"], [])
    finally:
        subprocess.run(["umount", old], check=True)


# --- Limits and proxies ------------------------------------------------------------------------


def spoken(folder: Path, **programs: str) -> dict[str, str]:
    """Put programs that only say something where the shell looks first."""
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def limits_proof(folder: Path, limits: str, shown: str) -> tuple[int, list[str]]:
    """Run what proves the limits of a service of which systemd shows something."""
    section = f'go: {{version: "1.27.3", services: {{api.service: {{{limits}}}}}}}\n'
    proofs = compile_section(folder, section).proofs
    (script,) = (p.script for p in proofs if p.name == "api.service runs with its limits")
    systemctl = f"case $* in *MainPID*) echo $PPID ;; *) printf '%s\\n' '{shown}' ;; esac"
    environment = {**spoken(folder, systemctl=systemctl), "GOMEMLIMIT": "1GiB"}
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("quota", "span"),
    [
        ("1%", "10ms"),
        ("50%", "500ms"),
        ("100%", "1s"),
        ("101%", "1.010000s"),
        ("150%", "1.500000s"),
        ("5999%", "59.990000s"),
        ("6000%", "1min"),
        ("6001%", "1min 10ms"),
        ("12345%", "2min 3.450000s"),
        ("360100%", "1h 1s"),
    ],
)
def test_a_quota_is_compared_as_systemd_prints_it(quota: str, span: str, tmp_path: Path) -> None:
    line = f"CPUQuotaPerSecUSec={span}"
    assert limits_proof(tmp_path, f"cpu_quota: {quota}", line) == (0, [line])
    other = f"systemd does not limit it by {line}, but by CPUQuotaPerSecUSec=infinity"
    got = limits_proof(tmp_path, f"cpu_quota: {quota}", "CPUQuotaPerSecUSec=infinity")
    assert got == (1, [other])


def test_memory_is_compared_in_bytes_and_variables_in_the_process(tmp_path: Path) -> None:
    limits = "gomemlimit: 1GiB, memory_max: 2G"
    right, wrong = "MemoryMax=2147483648", "MemoryMax=infinity"
    assert limits_proof(tmp_path, limits, right) == (0, [right, "GOMEMLIMIT=1GiB"])
    said = f"systemd does not limit it by {right}, but by {wrong}"
    assert limits_proof(tmp_path, limits, wrong) == (1, [said])
    less = "its process has no GOMAXPROCS=3"
    assert limits_proof(tmp_path, "gomaxprocs: 3", right) == (1, [less])


def test_tools_are_fetched_by_the_proxies_of_a_login(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    tool: Any = next(r for r in made.resources if r.id == "command:go tool gofumpt of dev")
    assert {
        "file:/etc/profile.d/60-envwright.sh",
        "file:/etc/fish/conf.d/60-envwright.fish",
        "command:zsh reads /etc/profile.d/60-envwright.sh",
    } < {*tool.after}
    login = "HTTPS_PROXY=http://p.test:3128\nno_proxy=a.test, b.test\nEDITOR=vim\nMY_PROXY=x"
    programs = {
        "su": f"printf '\\nenvwright-begin\\n%s\\n\\nenvwright-end\\n' '{login}'",
        # What is run in the end is shown without its script, which is the last word.
        "runuser": 'shift 3; for word; do [ "$word" != sh ] || exit 0; echo "$word"; done',
    }
    environment = {**spoken(tmp_path, **programs), "EDITOR": "the caller's"}
    done = subprocess.run(
        ["sh", "-c", tool.run], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "env",
        "-i",
        "no_proxy=a.test, b.test",
        "HTTPS_PROXY=http://p.test:3128",
        "HOME=/home/dev",
        "USER=dev",
        "PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin",
    ]
