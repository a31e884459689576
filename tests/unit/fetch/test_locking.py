"""The lock: what moves stays where envwright.lock has it, until somebody moves it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from command import Said, error
from machines.server import Server
from repositories import Repository

from envwright.cache.compiled import compiled
from envwright.errors import SpecError, SpecErrors
from envwright.fetch.stage import Fetching
from envwright.spec import lockfile
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

MACHINE = KINDS["debian-13"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "cache"


def commit(repository: Repository, package: str) -> str:
    return repository.commit(**{"base.yaml": f"packages: [{package}]\n"})


def box(tmp_path: Path, *addresses: str) -> Path:
    file = tmp_path / "box.yaml"
    file.write_text(f"name: box\nextends: [{', '.join(addresses)}]\n")
    return file


def locked(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "envwright.lock").read_bytes())
    return found


def packages(file: Path) -> list[str]:
    made = Fetching(offline=True).before(lambda: compiled(str(file), MACHINE, {}), str(file))
    return [resource.name for resource in made.compiled.resources]


def test_a_branch_is_nothing_without_a_lock(run: Run, repository: Repository) -> None:
    commit(repository, "jq")
    address = f"git+{repository.url}@main:base.yaml"
    said = run("check", "box.yaml", text=f"extends: {address}\n")
    lines = said.err.splitlines()
    assert (said.code, said.out, lines[0], lines[-1]) == (
        1,
        "",
        (
            "error: box.yaml:2:10: envwright.lock does not say which commit "
            f"git+{repository.url}@main stands for"
        ),
        "hint: run `envwright lock box.yaml`: it finds that out and records it",
    )


def test_a_branch_stays_where_it_was_locked_until_it_is_upgraded(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    first = commit(repository, "jq")
    key = f"git+{repository.url}@main"
    file = box(tmp_path, f"{key}:base.yaml")
    looking = f"Looking up {key} ...\n"
    fetching = f"Fetching {key}:base.yaml ...\n"
    assert run("lock", "box.yaml") == Said(
        0, f"{key}  commit {first[:12]} (new)\nenvwright.lock is written.\n", looking + fetching
    )
    assert (tmp_path / "envwright.lock").read_text() == (
        "{\n"
        '  "layers": {\n'
        f'    "{key}": {{\n'
        f'      "commit": "{first}"\n'
        "    }\n"
        "  },\n"
        '  "version": 1\n'
        "}\n"
    )
    second = commit(repository, "less")
    assert packages(file) == ["jq"]
    assert run("lock", "box.yaml") == Said(
        0, f"{key}  commit {first[:12]}\nenvwright.lock is as it was.\n", ""
    )
    assert run("lock", "box.yaml", "--upgrade") == Said(
        0,
        f"{key}  commit {first[:12]} -> {second[:12]}\nenvwright.lock is written.\n",
        looking + fetching,
    )
    assert packages(file) == ["less"]


def test_a_compiled_environment_depends_on_its_layers_and_on_the_lock(
    run: Run, repository: Repository, tmp_path: Path, cache: Path
) -> None:
    made = commit(repository, "jq")
    file = box(tmp_path, f"git+{repository.url}@main:base.yaml")
    run("lock", "box.yaml")
    for _ in range(2):  # compiled, and from the cache
        found = Fetching(offline=True).before(lambda: compiled(str(file), MACHINE, {}), str(file))
        layer = cache / "envwright/layers/git" / made / "base.yaml"
        paths = [file, tmp_path / "envwright.lock", layer]
        known = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        assert found.files == known


def test_a_lock_brings_another_computer_the_same_commit(
    run: Run, repository: Repository, tmp_path: Path, cache: Path
) -> None:
    commit(repository, "jq")
    file = box(tmp_path, f"git+{repository.url}@main:base.yaml")
    run("lock", "box.yaml")
    commit(repository, "less")
    cache.rename(cache.with_name("gone"))
    assert run("check", "box.yaml", "--for", "debian-13").code == 0
    assert packages(file) == ["jq"]


def test_a_tag_that_was_moved_after_the_lock_changes_nothing(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    first = commit(repository, "jq")
    repository.tag("v1")
    key = f"git+{repository.url}@v1"
    file = box(tmp_path, f"{key}:base.yaml")
    assert run("lock", "box.yaml").code == 0
    assert locked(tmp_path)["layers"] == {key: {"commit": first}}
    second = commit(repository, "less")
    repository.tag("v1")
    assert (run("check", "box.yaml").code, packages(file)) == (0, ["jq"])
    run("lock", "box.yaml", "--upgrade", "team@v1")
    assert (locked(tmp_path)["layers"], packages(file)) == ({key: {"commit": second}}, ["less"])


def test_a_repository_whose_names_are_sha_256_is_locked_and_fetched(
    run: Run, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", "--object-format=sha256", tmp_path / "new"], check=True)
    made = commit(Repository(tmp_path / "new"), "jq")
    file = box(tmp_path, f"git+file://{tmp_path}/new@HEAD:base.yaml")
    assert run("lock", "box.yaml").code == 0
    assert locked(tmp_path)["layers"] == {f"git+file://{tmp_path}/new@HEAD": {"commit": made}}
    assert (len(made), packages(file)) == (64, ["jq"])


def test_a_name_of_a_branch_and_a_tag_is_not_guessed(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    first = commit(repository, "jq")
    repository.tag("v1")
    commit(repository, "less")
    repository.git("branch", "v1")
    box(tmp_path, f"git+{repository.url}@v1:base.yaml")
    lines = run("lock", "box.yaml").err.splitlines()
    assert (lines[1], lines[-1]) == (
        f"error: box.yaml:2:11: {repository.url} has both a branch and a tag v1",
        "hint: name the one that you mean: refs/heads/v1 or refs/tags/v1",
    )
    box(tmp_path, f"git+{repository.url}@refs/tags/v1:base.yaml")
    run("lock", "box.yaml")
    key = f"git+{repository.url}@refs/tags/v1"
    assert locked(tmp_path)["layers"] == {key: {"commit": first}}


def test_a_branch_that_is_not_there_is_told(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    commit(repository, "jq")
    box(tmp_path, f"git+{repository.url}@mian:base.yaml")
    lines = run("lock", "box.yaml").err.splitlines()
    assert (lines[1], lines[-1]) == (
        f"error: box.yaml:2:11: {repository.url} has no branch or tag mian",
        "hint: git ls-remote lists those that there are",
    )
    assert not (tmp_path / "envwright.lock").exists()


def test_the_file_of_a_web_server_is_locked_by_its_sha_256(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()
    site = Server("127.0.0.1", tmp_path / "server/root", ["localhost"], port=0)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server/authority.crt"))
    texts = [b"packages: [jq]\n", b"packages: [less]\n"]
    first, second = (hashlib.sha256(text).hexdigest() for text in texts)
    with site.serving():
        address = f"https://localhost:{site.port}/base.yaml"
        file = box(tmp_path, address)
        site.put("https://localhost/base.yaml", texts[0])
        run("lock", "box.yaml")
        assert locked(tmp_path)["layers"] == {address: {"sha256": first}}
        site.put("https://localhost/base.yaml", texts[1])
        assert packages(file) == ["jq"]
        said = run("lock", "box.yaml", "--upgrade", "--json")
        move = {"key": address, "kind": "sha256", "before": first, "after": second}
        assert json.loads(said.out) == {"version": 1, "lock": "envwright.lock", "layers": [move]}
        assert packages(file) == ["less"]


def test_what_others_have_in_a_lock_stays(run: Run, repository: Repository, tmp_path: Path) -> None:
    made = commit(repository, "jq")
    other = {"git+https://h/other@main": {"commit": "12" * 20, "signer": "anna"}}
    text = json.dumps({"version": 1, "layers": other, "packages": {"jq": "1.6"}})
    (tmp_path / "envwright.lock").write_text(text)
    box(tmp_path, f"git+{repository.url}@main:base.yaml")
    run("lock", "box.yaml")
    assert locked(tmp_path) == {
        "version": 1,
        "layers": {**other, f"git+{repository.url}@main": {"commit": made}},
        "packages": {"jq": "1.6"},
    }


def test_layers_that_are_pinned_need_no_lock(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    box(tmp_path, f"git+{repository.url}@{commit(repository, 'jq')}:base.yaml", "preset:quickstart")
    assert run("lock", "box.yaml").out == (
        "box.yaml: every layer says itself what it is; there is nothing to lock. "
        "--host locks the versions of a machine.\n"
    )
    assert not (tmp_path / "envwright.lock").exists()


def test_what_is_upgraded_must_be_there(run: Run, repository: Repository, tmp_path: Path) -> None:
    commit(repository, "jq")
    box(tmp_path, f"git+{repository.url}@main:base.yaml")
    run("lock", "box.yaml")
    assert run("lock", "box.yaml", "--upgrade", "tema") == error(
        "error: box.yaml is laid over nothing that holds 'tema' and can move",
        "hint: `envwright lock` without --upgrade lists what it records",
    )


def test_an_inventory_lays_over_only_what_is_pinned(repository: Repository, tmp_path: Path) -> None:
    made = commit(repository, "jq")
    file = tmp_path / "box.yaml"
    file.write_text("name: box\n")
    layer = f"git+{repository.url}@{made}:base.yaml"
    found = Fetching().before(lambda: compiled(str(file), MACHINE, {}, [layer]), str(file), [layer])
    assert [resource.name for resource in found.compiled.resources] == ["jq"]
    with pytest.raises(SpecErrors) as raised:
        compiled(str(file), MACHINE, {}, ["git+https://h/r@main:a.yaml"])
    assert str(raised.value) == (
        "git+https://h/r@main:a.yaml: a layer of an inventory names its commit or SHA-256\n"
        "hint: or let an environment extend it, which `envwright lock` can lock"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< HEAD\n{}\n=======\n",
        "[]",
        "{}",
        '{"version": 1, "layers": []}',
        '{"version": 1, "layers": {"x": {}}}',
        '{"version": 1, "layers": {"x": {"commit": "../../etc"}}}',
        '{"version": 1, "layers": {"x": 1}}',
        '{"version": 1, "layers": {}, "machines": []}',
        '{"version": 1, "layers": {}, "machines": {"debian-13-amd64": {"package:jq": 1}}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_lock_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "envwright.lock").write_text(text)
    with pytest.raises(SpecError) as raised:
        lockfile.read(str(tmp_path / "box.yaml"))
    assert str(raised.value) == (
        f"{tmp_path}/envwright.lock: this is no lock of envwright\n"
        "hint: take the version of one side after a merge, or remove the file; then run "
        f"`envwright lock {tmp_path}/box.yaml`"
    )


def test_a_lock_of_a_newer_envwright_is_refused(tmp_path: Path) -> None:
    (tmp_path / "envwright.lock").write_text('{"version": 2, "layers": {}}')
    with pytest.raises(SpecError) as raised:
        lockfile.read(str(tmp_path / "box.yaml"))
    assert str(raised.value) == (
        f"{tmp_path}/envwright.lock: the form 2 of this lock is not known here\n"
        "hint: a newer envwright wrote it: update envwright"
    )


def test_a_lock_is_written_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "envwright.lock"
    lockfile.write(lockfile.Lock(str(path)))
    path.chmod(0o640)
    lockfile.write(lockfile.Lock(str(path), {"k": {"commit": "12" * 20}}))
    assert (path.stat().st_mode & 0o777, [file.name for file in tmp_path.iterdir()]) == (
        0o640,
        ["envwright.lock"],
    )
    assert lockfile.read(str(tmp_path / "box.yaml")).layers == {"k": {"commit": "12" * 20}}
