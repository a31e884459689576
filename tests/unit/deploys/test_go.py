"""go: toolchains side by side, settings in Go's own file, caches that move."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, ME

from envwright.capability import render
from envwright.resource import Checksum, Difference
from envwright.resources.archive import Archive

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
DEV = {"owner": "dev", "group": "dev"}
ROOT = {"owner": "root", "group": "root"}


def tree(archive: str) -> dict[str, Any]:
    return {"kind": "directory", "mode": "0755", **ROOT, "archive": archive, "intact": True}


def link(target: str) -> dict[str, Any]:
    return {"kind": "link", "target": target, **ROOT}


PROFILE = """\
# Written by envwright: change the environment, not this file.
for folder in "$HOME"/go-home/bin /usr/local/go/bin; do
    case ":$PATH:" in *":$folder:"*) ;; *) PATH=$folder:$PATH ;; esac
done
unset folder
"""
USERS = """\
# Written by envwright: change the environment, not this file.
PATH="/usr/local/go/bin:${HOME}/go-home/bin:${PATH:-/usr/local/bin:/usr/bin:/bin}"
"""
LIMITS = """\
# Written by envwright: change the environment, not this file.
[Service]
MemoryMax=1G
CPUQuota=150%
Environment=GOMEMLIMIT=966367641B
"""


def test_all_of_it_is_what_it_says(tmp_path: Path) -> None:
    file = {"kind": "file", "mode": "0644"}
    folder = {"kind": "directory", **DEV}
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
        "file:/etc/environment.d/61-envwright-go.conf": {**file, **ROOT, "content": USERS},
        "directory:/home/dev/.config": folder,
        "directory:/home/dev/.config/go": folder,
        "directory:/home/dev/go-home": folder,
        "directory:/data/go-build": folder,
        "command:go cache GOCACHE of dev": {"value": "/data/go-build"},
        "command:go cache GOMODCACHE of dev": {"value": "/home/dev/go-home/pkg/mod"},
        "keys:/home/dev/.config/go/env": {
            **file,
            **DEV,
            "key GOTOOLCHAIN": "local",
            "key GOPATH": "/home/dev/go-home",
            "key GOCACHE": "/data/go-build",
            "key GOFLAGS": "-modcacherw",
            "key CGO_ENABLED": "1",
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
    made = compile_section(tmp_path, SECTION, replace(DEBIAN, architecture="alpha"))
    assert (made.resources, made.requirements[0].refusal) == (
        (),
        "Go publishes no archives for alpha",
    )


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
            "2:5: go has 'env' for nobody: name accounts in 'users'",
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


def where(home: Path, key: str, wanted: Path) -> str:
    script = render("go.where.sh", key=key, env=home / "env", home=home, wanted=wanted)
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout


def move(home: Path, key: str, wanted: Path) -> None:
    values = {"env": home / "env", "home": home, "wanted": wanted, "user": ME}
    subprocess.run(["sh", "-c", render("go.move.sh", key=key, **values)], check=True)


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
