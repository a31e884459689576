"""Export: a deploy and a test suite that need no envwright."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from keys import ARMORED, FINGERPRINT
from standins import ME, StandInSection, compiled, secrets_of

from envwright.errors import EnvwrightError
from envwright.model.operations import Key
from envwright.model.proof import Proof
from envwright.model.secrets import Secrets, marker
from envwright.resources.apt_commands import guard
from envwright.resources.apt_source import AptSource
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.targets.pyinfra_deploy import export

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.model.resource import Resource
    from envwright.spec.compiler import Compiled

NO_SECRETS = Secrets({})

DEPLOY = '''\
"""The environment box as a pyinfra deploy, written by `envwright export pyinfra`.

Run it as root, or with sudo:  pyinfra inventory.py deploy.py
Then prove it:                 pytest test_environment.py --hosts=...
"""

from pyinfra.operations import apt, server, systemd

from safepath import operations as paths
from support import changed, content, edited

server.shell(
    name='package:nano',
    commands=[GUARD],
)

apt.packages(
    name='package:nano',
    packages=['nano'],
    present=False,
    extra_uninstall_args='-o APT::Cmd::Pattern-Only=true -o DPkg::Lock::Timeout=300 \
-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=2 ${EW_STATUS-}',
)

keys_etc_x_conf = paths.put(
    name='keys:/etc/x.conf',
    src=edited('/etc/x.conf', 'env', {'A': "it's"}),
    dest='/etc/x.conf',
    user='root',
    group='root',
    mode='0644',
)

paths.absent(
    name='file:/old',
    path='/old',
)

paths.put(
    name='file:/etc/sudoers.d/dev',
    src=content((
        'dev ALL=(ALL) ALL\\n'
        '# two\\n'
    )),
    dest='/etc/sudoers.d/dev',
    user='root',
    group='root',
    mode='0440',
    validate='visudo -cqf "$staged"',
)

systemd.service(
    name='service:x.service',
    service='x.service',
    running=True,
    enabled=True,
    restarted=False,
    daemon_reload=True,
)

systemd.service(
    name='service:x.service restarts',
    service='x.service',
    running=True,
    restarted=True,
    daemon_reload=True,
    _if=changed(keys_etc_x_conf),
)
'''


NANO = Package(package="nano", present=False)


def box() -> Compiled:
    wishes: list[Resource] = [
        NANO,
        File(
            path="/etc/sudoers.d/dev",
            content="dev ALL=(ALL) ALL\n# two\n",
            mode="0440",
            validate='visudo -cqf "$staged"',
        ),
        Keys(path="/etc/x.conf", dialect="env", keys={"A": "it's"}),
        Service(unit="x.service", reads=("/etc/x.conf", "/etc/not-ours")),
        File(path="/old", present=False),
    ]
    return compiled(StandInSection("files", wishes, [Proof("it works: a/b", "echo 'x'\nexit 0")]))


def test_the_deploy_is_literal_calls_one_resource_after_the_other(tmp_path: Path) -> None:
    export(box(), NO_SECRETS, "@local", tmp_path / "out")
    shell = guard([NANO], ["nano:native-"], None, "--no-install-recommends")
    lines = "".join(f"        {line!r}\n" for line in shell.splitlines(keepends=True))
    expected = DEPLOY.replace("GUARD", f"(\n{lines}    )")
    assert (tmp_path / "out" / "deploy.py").read_text() == expected


UNIT_OF_A_PACKAGE = """\

server.shell(
    name='service:x.service',
    commands=['systemctl is-active --quiet -- x.service || systemctl stop -- x.service || :', \
'systemctl reset-failed -- x.service || :'],
    _if=changed(package_x),
)

systemd.service(
    name='service:x.service',
    service='x.service',
    running=True,
    enabled=True,
    restarted=False,
    daemon_reload=True,
)
"""


def test_a_unit_is_stopped_before_its_start_only_where_its_package_was_just_installed(
    tmp_path: Path,
) -> None:
    unit = Service(unit="x.service", needs=("package:x", "package:not-ours"))
    export(compiled(Package(package="x"), unit), NO_SECRETS, "@local", tmp_path)
    _, _, install = (tmp_path / "deploy.py").read_text().partition("\npackage_x = apt.packages(\n")
    assert install.partition("\n)\n")[2] == UNIT_OF_A_PACKAGE


def test_what_is_written_is_told_and_is_all_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    told = export(box(), NO_SECRETS, "@local", folder)
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert sorted(told) == sorted(found)
    assert (folder / "proofs" / "it_works_a_b.sh").read_text() == "echo 'x'\nexit 0\n"
    for path in found:
        if path.suffix == ".py":
            compile(path.read_text(), str(path), "exec")


def test_names_that_are_nearly_alike_do_not_hide_one_another(tmp_path: Path) -> None:
    files: list[Resource] = [File(path=f"/etc/{name}") for name in ("a-b", "a_b", "a_b_2")]
    proofs = [Proof("it has PROXY", "echo 1"), Proof("it has proxy", "echo 2")]
    export(compiled(StandInSection("files", files, proofs)), NO_SECRETS, "@local", tmp_path)
    text = (tmp_path / "test_environment.py").read_text()
    tests = re.findall(r"^def test_(\w+)", text, re.MULTILINE)
    assert tests == [
        "file_etc_a_b",
        "file_etc_a_b_2",
        "file_etc_a_b_2_2",
        "it_has_proxy",
        "it_has_proxy_2",
    ]
    scripts = {path.name: path.read_text() for path in (tmp_path / "proofs").iterdir()}
    assert scripts == {"it_has_proxy.sh": "echo 1\n", "it_has_proxy_2.sh": "echo 2\n"}


def test_an_earlier_export_is_written_over_and_what_it_had_more_goes(tmp_path: Path) -> None:
    export(box(), NO_SECRETS, "@local", tmp_path)
    (tmp_path / "dialects" / "stale.py").touch()
    export(compiled(Package(package="git")), NO_SECRETS, "@local", tmp_path)
    assert "package:git" in (tmp_path / "deploy.py").read_text()
    assert (tmp_path / "dialects" / "stale.py").exists() is False


def refusal(made: Compiled, folder: Path, secrets: Secrets = NO_SECRETS) -> str:
    with pytest.raises(EnvwrightError) as raised:
        export(made, secrets, "@local", folder)
    return str(raised.value)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    assert refusal(box(), tmp_path) == (
        f"{tmp_path} is not empty, and is no earlier export\nhint: name a new folder by --output"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_secret_is_not_written_down(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="hunter22")
    made = compiled(File(path="/etc/token", content=marker("token")))
    assert refusal(made, tmp_path / "out", secrets) == (
        "file:/etc/token holds a secret, which an export would have to write down\n"
        "hint: use `envwright apply`, or move the secret out of the environment"
    )
    given = Command(
        title="x", observe="", expected="", run="", seen=(), given=f"T={marker('token')}"
    )
    assert refusal(compiled(given), tmp_path / "out", secrets).startswith("command:x holds a")
    assert (tmp_path / "out").exists() is False


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("@local", "hosts = [('@local', {})]"),
        ("@docker/web", "hosts = [('@docker/web', {})]"),
        ("@ssh/root@box", "hosts = [('box', {'ssh_user': 'root'})]"),
        ("box", "hosts = [('box', {'_sudo': True})]"),
        (
            "@ssh/dev@box:2222",
            "hosts = [('box', {'ssh_user': 'dev', 'ssh_port': 2222, '_sudo': True})]",
        ),
        (
            "@ssh/dev@[::1]:2222",
            "hosts = [('::1', {'ssh_user': 'dev', 'ssh_port': 2222, '_sudo': True})]",
        ),
        ("@ssh/[fe80::1]", "hosts = [('fe80::1', {'_sudo': True})]"),
    ],
)
def test_the_inventory_names_the_host_as_pyinfra_does(
    tmp_path: Path, host: str, written: str
) -> None:
    export(compiled(), NO_SECRETS, host, tmp_path)
    text = (tmp_path / "inventory.py").read_text()
    assert text == f'"""The machine that the deploy is for."""\n\n{written}\n'


def test_keys_travel_with_their_fingerprint(tmp_path: Path) -> None:
    source = AptSource(
        source="x",
        uris=("https://x.test",),
        suites=("s/",),
        key=Key((FINGERPRINT,), text=ARMORED),
        origins=(),
    )
    export(compiled(source), NO_SECRETS, "@local", tmp_path)
    text = (tmp_path / "deploy.py").read_text()
    assert f"src=key(['{FINGERPRINT}'], url='', text=(\n" in text
    assert "from support import content, key\n" in text


def test_the_exported_tests_run_without_envwright(tmp_path: Path) -> None:
    mine: dict[str, Any] = {"owner": ME, "group": tmp_path.group()}
    good, env, folder = tmp_path / "it's", tmp_path / "env", tmp_path / "out"
    good.write_text("ä\n")
    env.write_text("A=5\n")
    for path in (good, env):
        path.chmod(0o644)
    made = compiled(
        StandInSection(
            "files",
            [
                File(path=str(good), content="ä\n", **mine),
                Keys(path=str(env), dialect="env", keys={"A": "5"}, **mine),
                Directory(path=f"{tmp_path}/missing", **mine),
            ],
            [Proof("it shows", "true"), Proof("it cannot", "echo none; exit 77")],
        )
    )
    export(made, NO_SECRETS, "@local", folder)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "--hosts=local://",
    ]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    outcomes = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED"))]
    assert (done.returncode, len([o for o in outcomes if o.startswith("PASSED")])) == (1, 3)
    assert [
        "missing[local]" in outcome for outcome in outcomes if outcome.startswith("FAILED")
    ] == [True]
    assert "1 failed, 3 passed, 1 skipped" in done.stdout
