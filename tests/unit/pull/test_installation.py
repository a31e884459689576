"""Pull mode as resources: what is installed, what is taken away, and what is refused."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from keys import ARMORED, BINARY, FINGERPRINT
from sections import ill_written

from envwright.cli.options import parse
from envwright.cli.pull_options import install_options
from envwright.errors import EnvwrightError, RefusedError
from envwright.pull import installation, program, units
from envwright.pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repositories import Key

    Files = Callable[..., list[str]]

URL, SSH = "https://example.com/team.git", "ssh://git@example.com/team.git"
PROGRAM = ("/opt/envwright/bootstrap",)


@pytest.fixture
def files(tmp_path: Path, alice: Key) -> Files:
    """Return the options that name these files, with good content where none is given."""
    good: dict[str, str | bytes] = {
        "signers": alice.allowed('namespaces="git"'),
        "key": ARMORED,
        "identity": alice.file.read_text("utf-8"),
        "known-hosts": "example.com ssh-ed25519 AAAA\n",
    }

    def function(*names: str, **contents: str | bytes) -> list[str]:
        words = []
        for name in (*names, *contents):
            content = contents.get(name, good[name])
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)
            words += [f"--{name}", str(tmp_path / name)]
        return words

    return function


def options(*words: str) -> tuple[Settings, installation.Keys]:
    given = install_options(parse(["pull", "install", *words]))
    assert given
    return installation.read_options(given)


def wanted(*words: str) -> dict[str, Any]:
    made = installation.install(*options(*words), PROGRAM)
    return {resource.id: resource.desired() for resource in made.resources}


def refused(*words: str) -> str:
    with pytest.raises(EnvwrightError) as raised:
        options(*words)
    return raised.value.message


def test_an_installation_over_https_by_ssh_signatures(files: Files) -> None:
    states = wanted(URL, "box.yaml", *files("signers"), "--apply", "--every", "6h")
    assert list(states) == [
        "package:git",
        "package:openssh-client",
        "package:ca-certificates",
        "directory:/etc/envwright",
        "directory:/etc/envwright/pull",
        "directory:/var/lib/envwright/pull",
        "file:/etc/envwright/pull/settings.json",
        "file:/etc/envwright/pull/allowed_signers",
        "file:/etc/envwright/pull/keyring.asc",
        "file:/etc/envwright/pull/known_hosts",
        "file:/etc/envwright/pull/identity",
        "link:/etc/envwright/pull/metrics",
        "file:/etc/systemd/system/envwright-pull.service",
        "file:/etc/systemd/system/envwright-pull.timer",
        "service:envwright-pull.timer",
    ]
    assert [id_ for id_, state in states.items() if state is None] == [
        "file:/etc/envwright/pull/keyring.asc",
        "file:/etc/envwright/pull/known_hosts",
        "file:/etc/envwright/pull/identity",
    ]
    assert {states[f"directory:{path}"]["mode"] for path in FOLDERS} == {"0700"}
    assert {states[f"file:/etc/envwright/pull/{name}"]["mode"] for name in FILES} == {"0600"}
    assert states["service:envwright-pull.timer"] == {
        "enabled": True,
        "running": True,
        "up to date": True,
    }


FOLDERS = ("/etc/envwright/pull", "/var/lib/envwright/pull")
FILES = ("settings.json", "allowed_signers")


def test_an_installation_over_ssh_by_openpgp_keeps_the_private_key_a_secret(files: Files) -> None:
    words = (SSH, "box.yaml", *files("key", "identity", "known-hosts"), "--var", "team=a=b")
    states = wanted(*words)
    assert [id_ for id_ in states if id_.startswith("package:")] == [
        "package:git",
        "package:openssh-client",
        "package:gpg",
    ]
    assert states["file:/etc/envwright/pull/identity"]["content"] == "⟦secret:identity⟧"
    settings, keys = options(*words)
    assert (settings.keys, settings.signers) == ((FINGERPRINT,), False)
    assert settings.variables == {"team": "a=b"}
    key = keys.secrets().reveal(states["file:/etc/envwright/pull/identity"]["content"])
    assert key == (keys.identity.read_text("utf-8") if keys.identity else "")


def test_a_private_key_without_a_last_line_end_gets_one(files: Files, alice: Key) -> None:
    whole = alice.file.read_text("utf-8")
    cut = files("key", "known-hosts", identity=whole.removesuffix("\n"))
    settings, keys = options(SSH, "box.yaml", *cut)
    made = installation.install(settings, keys, PROGRAM)
    (file,) = (r for r in made.resources if r.id == "file:/etc/envwright/pull/identity")
    assert keys.secrets().reveal(str((file.desired() or {})["content"])) == whole


def test_the_units_start_what_runs_now() -> None:
    settings = Settings(URL, "box.yaml", signers=True)
    assert units.service(settings, ("/opt/100% $a/python", "-I")) == (
        "# Written by `envwright pull install`: install again to change it.\n"
        "[Unit]\n"
        "Description=envwright: follow a repository of environments\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        'Environment="HOME=/root"\n'
        'ExecStart="/opt/100%% $$a/python" "-I" pull run\n'
        "SuccessExitStatus=2 3\n"
        "TimeoutStartSec=2h\n"
    )
    assert units.timer(settings) == (
        "# Written by `envwright pull install`: install again to change it.\n"
        "[Unit]\n"
        "Description=envwright: follow a repository of environments, every 1h\n"
        "\n"
        "[Timer]\n"
        "OnCalendar=0/1:00\n"
        "RandomizedDelaySec=900\n"
        "FixedRandomDelay=true\n"
        "Persistent=true\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def test_a_failed_check_fails_the_unit_only_where_it_applies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    made = units.service(Settings(URL, "box.yaml", signers=True, apply=True), PROGRAM)
    assert "\nSuccessExitStatus=3\n" in made
    assert ' "XDG_DATA_HOME=/srv/data"\n' in made


def test_a_removal_takes_away_all_but_packages() -> None:
    made = installation.remove()
    assert [resource.id for resource in made.resources] == [
        "command:stop envwright-pull.timer",
        "file:/etc/envwright/pull/metrics/envwright.prom",
        "file:/etc/systemd/system/envwright-pull.timer",
        "file:/etc/systemd/system/envwright-pull.service",
        "command:forget what was pulled",
    ]


LINK = "link:/etc/envwright/pull/metrics"


@pytest.mark.parametrize(
    ("words", "states"),
    [
        ((), {LINK: "/var/lib/prometheus/node-exporter"}),
        (("--metrics", "/srv/prom"), {"directory:/srv/prom": None, LINK: "/srv/prom"}),
        (("--metrics", "none"), {"file:/etc/envwright/pull/metrics": None}),
    ],
)
def test_metrics_go_where_a_link_leads(words: tuple[str, ...], states: dict[str, Any]) -> None:
    given = install_options(parse(["pull", "install", URL, "box.yaml", *words]))
    assert given
    settings = Settings(URL, "box.yaml", signers=True)
    made = installation.install(settings, installation.Keys(), PROGRAM, given.metrics)
    found = {resource.id: resource.desired() or {} for resource in made.resources}
    about = {id_: state for id_, state in found.items() if id_ in {LINK, *states}}
    assert {id_: state.get("target") for id_, state in about.items()} == states


@pytest.mark.parametrize("folder", ["prom", "/srv/../etc"])
def test_metrics_go_into_no_folder_that_could_be_another(folder: str) -> None:
    settings = Settings(URL, "box.yaml", signers=True)
    with pytest.raises(EnvwrightError) as raised:
        installation.install(settings, installation.Keys(), PROGRAM, folder)
    assert str(raised.value) == (
        f"--metrics {folder}: this is no absolute path of a folder\n"
        "hint: name one, such as /var/lib/prometheus/node-exporter; or none for no metrics"
    )


def test_every_script_of_it_is_one(files: Files) -> None:
    made = installation.install(*options(URL, "box.yaml", *files("signers")), PROGRAM)
    assert ill_written(made) == []
    assert ill_written(installation.remove()) == []


# --- What is refused --------------------------------------------------------------------------


def test_an_address_of_ssh_needs_a_key_and_the_hosts_key(files: Files) -> None:
    needs = "an address of ssh needs --identity FILE and --known-hosts FILE"
    assert refused(SSH, "box.yaml", *files("signers")) == needs
    assert refused(SSH, "box.yaml", *files("signers", "identity")) == needs
    assert refused(URL, "box.yaml", *files("signers", "identity")) == (
        "--identity and --known-hosts are for an address of ssh"
    )


def test_a_public_key_is_no_identity(files: Files, tmp_path: Path) -> None:
    words = files("signers", "known-hosts", identity="ssh-ed25519 AAAA\n")
    said = f"{tmp_path}/identity: this is no private key of ssh"
    assert refused(SSH, "box.yaml", *words) == said


def test_a_public_key_without_a_principal_allows_no_signer(files: Files, tmp_path: Path) -> None:
    said = f"{tmp_path}/signers: this line allows no signer: ssh-ed25519 AAAAC3 alice"
    words = files(signers="# us\nssh-ed25519 AAAAC3 alice\n")
    assert refused(URL, "box.yaml", *words) == said
    empty = files(signers="# nobody\n")
    assert refused(URL, "box.yaml", *empty) == f"{tmp_path}/signers allows no signer"


def test_a_key_of_openpgp_is_armored_and_public(files: Files, tmp_path: Path) -> None:
    said = f"{tmp_path}/key: this is no OpenPGP data, neither binary nor armored"
    assert refused(URL, "box.yaml", *files(key="hello\n")) == said
    binary = f"cannot read {tmp_path}/key: it is not text"
    assert refused(URL, "box.yaml", *files(key=BINARY)) == binary


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lost"
    words = (URL, "box.yaml", "--signers", str(file))
    assert refused(*words) == f"cannot read {file}: No such file or directory"


# --- The program that the timer starts --------------------------------------------------------


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose owner, and that of all folders above it, passes for root."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("")
    above = set(tmp_path.parents)
    is_others = program._is_others
    monkeypatch.setattr(program, "_is_others", lambda path: path not in above and is_others(path))
    return tmp_path / "package"


ROOT = pytest.mark.skipif("os.geteuid() != 0", reason="only root can give files to others")


@ROOT
def test_a_program_that_only_root_can_change_is_good(ours: Path) -> None:
    (ours / "link").symlink_to("module.py")
    program.check([ours])


@ROOT
@pytest.mark.parametrize("change", ["chown 1 {}", "chmod o+w {}", "chgrp 1 {} && chmod g+w {}"])
@pytest.mark.parametrize("name", ["package", "package/module.py", "."])
def test_a_program_that_others_can_change_is_refused(change: str, name: str, ours: Path) -> None:
    path = ours.parent / name
    subprocess.run(["sh", "-c", change.replace("{}", str(path))], check=True)
    with pytest.raises(RefusedError) as raised:
        program.check([ours])
    assert raised.value.message == (
        f"the timer would run {ours} as root, and {path} can be changed by others"
    )


def test_bootstrap_is_what_the_timer_starts_where_it_started_this(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVWRIGHT_BOOTSTRAP", "/opt/envwright/bootstrap")
    assert program.words() == ("/opt/envwright/bootstrap",)
    monkeypatch.delenv("ENVWRIGHT_BOOTSTRAP")
    argv = [*program.words(), "--version"]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith("envwright ")
