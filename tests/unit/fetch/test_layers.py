"""Layers of git repositories: fetched once by git itself, kept by their commits, then offline."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from command import Said, error
from repositories import Repository

from envwright.cache import trust
from envwright.cache.compiled import compiled
from envwright.fetch.stage import Fetching
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

    from envwright.cache.compiled import CompiledEnvironment

MACHINE = KINDS["debian-13"]
BASE = "packages: [jq]\nextends: ../lib/common.yaml\nfiles:\n  /etc/motd: {source: motd}\n"
FILES = {"envs/base.yaml": BASE, "envs/motd": "hello\n", "lib/common.yaml": "packages: [git]\n"}
CACHE = (
    "layers are kept in ~/.cache/envwright, where nobody else may write; "
    "XDG_CACHE_HOME names another folder"
)
GOOD = "box.yaml: good for debian-13: 3 resources, 2 proofs\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    return tmp_path / "cache"


def extending(address: str, *more: str) -> str:
    """The text of an environment, but for its name."""
    return "".join(f"{line}\n" for line in (f"extends: {address}", *more))


def check(run: Run, text: str, *arguments: str) -> Said:
    return run("check", "box.yaml", "--for", "debian-13", *arguments, text=text)


def test_a_layer_is_fetched_once_and_then_offline(run: Run, repository: Repository) -> None:
    commit = repository.commit(**FILES)
    text = extending(f"git+{repository.url}@{commit}:envs/base.yaml")
    shown = f"git+{repository.url}@{commit[:12]}"
    assert check(run, text, "--offline") == error(
        f"error: box.yaml:2:10: {shown}:envs/base.yaml is not in the cache of layers",
        f"    {text.rstrip()}"[: 4 + 96],
        "             ^",
        "hint: `envwright check` without --offline fetches it",
    )
    assert check(run, text) == Said(0, GOOD, f"Fetching {shown}:envs/base.yaml ...\n")
    repository.folder.rename(repository.folder.with_name("gone"))
    assert check(run, text, "--offline") == Said(0, GOOD, "")
    assert check(run, text) == Said(0, GOOD, "")
    assert run("explain", "box.yaml") == Said(
        0,
        'packages.install[0] = "git"\n'
        f"    {shown}:lib/common.yaml:1\n"
        'packages.install[1] = "jq"\n'
        f"    {shown}:envs/base.yaml:1\n"
        'files./etc/motd.source = "motd"\n'
        f"    {shown}:envs/base.yaml:4\n"
        'name = "box"\n'
        "    box.yaml:1\n",
        "",
    )


def last_error(said: Said) -> list[str]:
    """The lines of an error behind the line that says what is fetched, without the excerpt."""
    lines = said.err.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("error: "))
    return [line for line in lines[start:] if not line.startswith("    ")]


def configure(tmp_path: Path, *lines: str) -> None:
    """Write the person's own configuration of git."""
    (tmp_path / ".gitconfig").write_text("".join(f"{line}\n" for line in lines))


def elsewhere(tmp_path: Path) -> str:
    """The address of the repository, as if it were on a server; git is told where it is."""
    configure(tmp_path, f'[url "file://{tmp_path}/"]', "insteadOf = https://git.example.invalid/")
    return "git+https://git.example.invalid/team"


# --- What a layer may name ------------------------------------------------------------------------


def test_one_commit_by_two_addresses_counts_once(run: Run, repository: Repository) -> None:
    commit = repository.commit(**FILES)
    other = repository.folder.with_name("mirror")
    shutil.copytree(repository.folder, other)
    one, two = (f"git+file://{at}@{commit}:lib/common.yaml" for at in (repository.folder, other))
    text = f"extends: [{one}, {two}]\n"
    assert check(run, text).out == "box.yaml: good for debian-13: 1 resources, 2 proofs\n"


def test_a_layer_that_extends_itself_is_told_with_the_chain(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    tree = elsewhere(tmp_path) + "@main"
    texts = {"a.yaml": "extends: b.yaml\n", "b.yaml": f"extends: {tree}:a.yaml\n"}
    repository.commit(**texts)
    run("check", "box.yaml", text=f"extends: {tree}:a.yaml\n")
    chain = f"box.yaml -> {tree}:a.yaml -> {tree}:b.yaml -> {tree}:a.yaml"
    assert last_error(run("lock", "box.yaml")) == [
        f"error: {tree}:b.yaml:1:10: these files extend each other: {chain}"
    ]


@pytest.mark.parametrize("path", ["../../out.yaml", "/etc/passwd", "~/.netrc"])
def test_a_layer_extends_no_file_of_this_computer(
    path: str, run: Run, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "out.yaml").write_text("packages: [geheim]\n")
    commit = repository.commit(**{"envs/base.yaml": f"extends: {path}\n"})
    text = f"extends: git+{repository.url}@{commit}:envs/base.yaml\n"
    shown = f"git+{repository.url}@{commit[:12]}:envs/base.yaml"
    assert last_error(check(run, text)) == [
        f"error: {shown}:1:10: {path}: this path leads out of the layer {shown}",
        "hint: a layer that was not written here extends its own files, presets and full addresses",
    ]


@pytest.mark.parametrize("path", ["../../../secret", "/etc/hostname", "~/.netrc"])
def test_a_layer_brings_no_file_of_this_computer(
    path: str, run: Run, repository: Repository
) -> None:
    base = f"files:\n  /etc/motd: {{source: {path}}}\n"
    commit = repository.commit(**{"base.yaml": base})
    said = check(run, f"extends: git+{repository.url}@{commit}:base.yaml\n")
    assert last_error(said) == [
        (
            f"error: git+{repository.url}@{commit[:12]}:base.yaml:2:23: cannot "
            f"read {path}: a layer from elsewhere reads its own files only"
        ),
    ]


def test_a_layer_takes_no_secret_from_a_file_of_this_computer(
    run: Run, repository: Repository
) -> None:
    base = "secrets: {token: {file: ~/.ssh/id_ed25519}}\n"
    commit = repository.commit(**{"base.yaml": base})
    said = check(run, f"extends: git+{repository.url}@{commit}:base.yaml\n")
    assert last_error(said) == [
        (
            f"error: git+{repository.url}@{commit[:12]}:base.yaml:1:18: a layer from elsewhere "
            "reads its own files only, not ~/.ssh/id_ed25519"
        ),
        "hint: declare this secret in your own environment, which takes its place",
    ]


def test_a_layer_names_no_repository_of_this_computer(run: Run, repository: Repository) -> None:
    inner = f"git+{repository.url}@main:a.yaml"
    commit = repository.commit(**{"base.yaml": f"extends: {inner}\n"})
    shown = f"git+{repository.url}@{commit[:12]}:base.yaml"
    assert last_error(check(run, f"extends: git+{repository.url}@{commit}:base.yaml\n")) == [
        (
            f"error: {shown}:1:10: {shown} is a layer from elsewhere, and takes no repository of "
            "this computer"
        ),
        "hint: name the repository by git+https or git+ssh",
    ]


def test_a_preset_is_below_a_layer(run: Run, repository: Repository) -> None:
    commit = repository.commit(**{"base.yaml": "extends: preset:quickstart\n"})
    text = f"extends: git+{repository.url}@{commit}:base.yaml\n"
    assert check(run, text).out.startswith("box.yaml: good for debian-13: ")


# --- The caches and trust -------------------------------------------------------------------------


def make(path: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> CompiledEnvironment:
    """Compile an environment, or fail where it would be compiled anew."""
    if monkeypatch:
        monkeypatch.setattr("envwright.spec.environment.load", None)
    return Fetching().before(lambda: compiled(str(path), MACHINE, {}), str(path))


def test_another_commit_is_another_compiled_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = tmp_path / "box.yaml"
    made = []
    for package in ("jq", "less"):
        commit = repository.commit(**{"base.yaml": f"packages: [{package}]\n"})
        box.write_text(f"name: box\nextends: git+{repository.url}@{commit}:base.yaml\n")
        made.append([resource.name for resource in make(box).compiled.resources])
    assert made == [["jq"], ["less"]]
    again = make(box, monkeypatch)
    assert [resource.name for resource in again.compiled.resources] == ["less"]


def test_a_commit_that_was_changed_in_the_cache_is_fetched_anew(
    run: Run, repository: Repository, cache: Path
) -> None:
    commit = repository.commit(**FILES)
    text = f"extends: git+{repository.url}@{commit}:envs/base.yaml\n"
    check(run, text)
    layer = cache / "envwright/layers/git" / commit
    for change in (
        lambda: (layer / "envs/motd").write_text("bye\n"),
        (layer / "lib/common.yaml").unlink,
        lambda: (layer / "lib/more.yaml").symlink_to("common.yaml"),
    ):
        change()
        assert check(run, text, "--offline").code == 1
        assert check(run, text).err.startswith("Fetching ")
        assert check(run, text, "--offline") == Said(0, GOOD, "")


def test_a_command_of_a_layer_is_agreed_to_for_one_commit(
    repository: Repository, tmp_path: Path
) -> None:
    box = tmp_path / "box.yaml"
    agreed = []
    for script in ("echo a", "echo b"):
        base = "secrets: {token: {command: [sh, get.sh]}}\n"
        commit = repository.commit(**{"base.yaml": base, "get.sh": script})
        box.write_text(f"name: box\nextends: git+{repository.url}@{commit}:base.yaml\n")
        reach = make(box).compiled.reach
        with pytest.raises(trust.UntrustedError) as raised:
            trust.require(reach)
        place = f"git+{repository.url}@{commit[:12]}:base.yaml:1"
        assert f"    sh get.sh  (secret token, {place})\n" in str(raised.value)
        trust.remember(reach)
        trust.require(reach)
        agreed.append(reach)
    assert agreed[0] != agreed[1]


# --- git, as people have it -----------------------------------------------------------------------


def test_git_goes_where_the_persons_configuration_leads(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(**FILES)
    text = f"extends: {elsewhere(tmp_path)}@{commit}:envs/base.yaml\n"
    assert check(run, text).out == GOOD


def test_a_server_that_names_no_commits_gives_its_branches(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(**FILES)
    repository.commit(**{"later.yaml": "packages: [less]\n"})
    configure(tmp_path, "[protocol]", "version = 0")
    assert check(run, f"extends: git+{repository.url}@{commit}:envs/base.yaml\n").out == GOOD


def test_a_repository_of_another_user_is_refused_by_git_itself(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(**FILES)
    text = f"extends: git+{repository.url}@{commit}:envs/base.yaml\n"
    os.chown(repository.folder / ".git", 12345, 12345)
    os.chown(repository.folder, 12345, 12345)
    assert last_error(check(run, text)) == [
        f"error: box.yaml:2:10: {repository.url} {commit[:12]}: the folder belongs to another user",
        "hint: if you trust that user: git config --global --add safe.directory FOLDER",
    ]
    configure(tmp_path, "[safe]", "directory = *")
    assert check(run, text).out == GOOD


def test_envwright_in_a_hook_of_git_leaves_the_hooks_repository_alone(
    run: Run, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit(**FILES)
    own = Repository.new(tmp_path / "own")
    own.commit(x="1")
    for name, value in {
        "GIT_DIR": ".git",
        "GIT_INDEX_FILE": ".git/index",
        "GIT_PREFIX": "",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(own.folder / ".git/objects"))
    before = sorted((own.folder / ".git").rglob("*"))
    assert check(run, f"extends: git+{repository.url}@{commit}:envs/base.yaml\n").out == GOOD
    assert sorted((own.folder / ".git").rglob("*")) == before


def test_a_commit_that_is_not_there_is_told(run: Run, repository: Repository) -> None:
    repository.commit(**FILES)
    commit = "12" * 20
    assert last_error(check(run, f"extends: git+{repository.url}@{commit}:a.yaml\n")) == [
        f"error: box.yaml:2:10: {repository.url} has no commit {commit}",
        "hint: was it pushed? was a branch rewritten? name one that git ls-remote or git log shows",
    ]


def test_a_repository_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    commit = "12" * 20
    assert last_error(check(run, f"extends: git+file://{tmp_path}/none@{commit}:a.yaml\n")) == [
        f"error: box.yaml:2:10: file://{tmp_path}/none {commit[:12]}: there is no repository",
        "hint: check the address",
    ]


def test_a_path_of_another_case_is_told_with_the_right_one(
    run: Run, repository: Repository
) -> None:
    commit = repository.commit(**FILES)
    shown = f"git+{repository.url}@{commit[:12]}:envs/Base.yaml"
    said = check(run, f"extends: git+{repository.url}@{commit}:envs/Base.yaml\n")
    assert last_error(said) == [
        f"error: box.yaml:2:10: {shown}: there is no such file; did you mean 'base.yaml'?"
    ]


def test_a_file_of_lfs_is_told_and_not_brought_as_its_pointer(
    run: Run, repository: Repository
) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n"
    commit = repository.commit(**{**FILES, "envs/motd": pointer})
    said = check(run, f"extends: git+{repository.url}@{commit}:envs/base.yaml\n")
    assert last_error(said) == [
        (
            f"error: git+{repository.url}@{commit[:12]}:envs/base.yaml:4:23: "
            "cannot read motd: it is a pointer of Git LFS, not the file itself"
        ),
    ]


def test_a_submodule_is_left_out_and_lines_may_end_as_in_windows(
    run: Run, repository: Repository, tmp_path: Path
) -> None:
    inner = Repository.new(tmp_path / "inner")
    gitlink = inner.commit(**{"x.yaml": "packages: [less]\n"})
    repository.commit(**{"base.yaml": "packages: [jq]\r\nextends: sub/x.yaml\r\n"})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{gitlink},sub")
    repository.git("commit", "--quiet", "--message=sub")
    commit = repository.git("rev-parse", "HEAD")
    shown = f"git+{repository.url}@{commit[:12]}"
    said = check(run, f"extends: git+{repository.url}@{commit}:base.yaml\n")
    assert last_error(said) == [
        f"error: {shown}:base.yaml:2:10: {shown}:sub/x.yaml: there is no such file",
        "hint: name an environment, a file of YAML",
    ]


def test_a_login_in_an_address_is_shown_nowhere(run: Run) -> None:
    said = check(run, "extends: git+https://anna:geheim@h/r@main:a.yaml\n")
    assert ("geheim" in str(said), said.err.splitlines()[1:]) == (
        False,
        [
            (
                "hint: leave it out: git asks its credential helper (git help credentials), and "
                "git+ssh takes your key"
            )
        ],
    )


def test_a_token_that_insteadof_puts_into_an_address_is_shown_nowhere(
    run: Run, tmp_path: Path
) -> None:
    lines = ('[url "https://oauth2:geheim@127.0.0.1:9/"]', "insteadOf = https://h.example.invalid/")
    configure(tmp_path, *lines)
    said = check(run, f"extends: git+https://h.example.invalid/r@{'12' * 20}:a.yaml\n")
    assert ("geheim" in str(said), "https://127.0.0.1:9/r" in said.err) == (False, True)


def test_what_a_killed_run_left_in_the_cache_goes_with_a_later_one(
    run: Run, repository: Repository, cache: Path
) -> None:
    folder = cache / "envwright/layers/git"
    for name, age in (("old", 90_000), ("young", 60)):
        left = folder / f".new-{name}"
        (left / "new/deep").mkdir(parents=True)
        os.utime(left, (time.time() - age,) * 2)
    for private in (cache, cache / "envwright"):
        private.chmod(0o700)
    commit = repository.commit(**FILES)
    assert check(run, f"extends: git+{repository.url}@{commit}:envs/base.yaml\n").out == GOOD
    assert [path.name for path in folder.glob(".new-*")] == [".new-young"]


def test_a_cache_behind_a_link_is_refused(run: Run, repository: Repository, cache: Path) -> None:
    commit = repository.commit(**FILES)
    cache.symlink_to(cache.with_name("another"))
    said = check(run, f"extends: git+{repository.url}@{commit}:envs/base.yaml\n")
    assert last_error(said) == [
        "error: box.yaml:2:10: there is no cache for layers: Not a directory",
        f"hint: {CACHE}",
    ]
