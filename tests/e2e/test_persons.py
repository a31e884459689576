"""Effects for persons, broken by hand: plan or verify names each, and says why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from box import forget
from workstation import Workstation, workstation

from envwright.errors import RefusedError, StepError
from envwright.facts import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import NewMachine
    from machines.server import Server

    from envwright.model.proof import Result

BOX = """\
name: box
secrets: {TOKEN: {env: TOKEN}}
packages: [zsh, fish, openssh-server]
user:
  name: dev
  shell: /usr/bin/zsh
  sudo: nopasswd
  authorized_keys:
    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo dev@laptop
environment: {EDITOR: vim, PAGER: less -R}
logins:
  users: [dev]
  git: {git.example.com: {login: dev, password: "{{ secret.TOKEN }}"}}
"""
LOGIN = "the login shell of each person has these variables"
SERVICES = "the services of each person have these variables"
LATER = "no file of the system sets these variables anew"
HELPER = "git of dev asks the helper for git.example.com"
MISSING = "the login shell of dev ran no command; it said:"


@dataclass(frozen=True)
class Break:
    """An effect that is broken while all files are right.

    Args:
        what: what breaks it.
        script: how.
        undo: what makes it good again.
        plan: what plan says, by check.
        verify: what verify says in a line of one more check, by check.
    """

    what: str
    script: str
    undo: str
    plan: dict[str, str]
    verify: dict[str, str]


def account(line: str, advice: str) -> dict[str, str]:
    """Return what the quick proof of the account says."""
    return {"the account dev is usable": f"{line}\nwhat to do: {advice}"}


def start(path: str, line: str) -> tuple[str, str]:
    """Return what puts a line into a startup file of dev, and what takes the file away."""
    file = f"/home/dev/{path}"
    made = f"mkdir -p $(dirname {file}) && echo '{line}' >{file}"
    return f"{made} && chown -R dev: $(dirname {file})", f"rm {file}"


BROKEN = [
    Break(
        "another owner of the home",
        "chown root /home/dev",
        "chown dev /home/dev",
        account("its home /home/dev belongs to root", "chown dev: /home/dev"),
        {"sshd takes the keys of dev": "sshd does not take the key ssh-ed25519"},
    ),
    Break(
        "a home that its owner may not use",
        "chmod u-w /home/dev",
        "chmod u+w /home/dev",
        account("its owner may not use its home /home/dev", "chmod u+rwx /home/dev"),
        {},
    ),
    Break(
        "a home that everybody may write to",
        "chmod o+w /home/dev",
        "chmod o-w /home/dev",
        {},
        {
            "sshd takes the keys of dev": (
                "Authentication refused: bad ownership or modes for directory /home/dev"
            )
        },
    ),
    Break(
        "an account that is expired",
        "chage --expiredate 0 dev",
        "chage --expiredate -1 dev",
        account("the account is expired", "chage --expiredate -1 dev"),
        {"dev can log in": "Your account has expired; please contact your system administrator."},
    ),
    Break(
        "a password that has to be changed",
        "chage --lastday 0 dev",
        "chage --lastday 20000 dev",
        account("its password has to be changed before anybody logs in", "passwd dev"),
        {"dev can log in": MISSING},
    ),
    Break(
        "a shell that is no program",
        "chmod a-x /usr/bin/zsh /bin/zsh5",
        "chmod a+x /usr/bin/zsh /bin/zsh5",
        account("its shell /usr/bin/zsh is no program", "install its package again"),
        {"dev can log in": MISSING},
    ),
    Break(
        "sudo without its bit",
        "chmod u-s /usr/bin/sudo",
        "chmod u+s /usr/bin/sudo",
        account("/usr/bin/sudo has no set-user-ID bit", "apt-get install --reinstall sudo"),
        {"dev becomes root without a password": "must be owned by uid 0 and have the setuid bit"},
    ),
    Break(
        "a folder that sudoers does not include",
        "sed -i.bak 's/^@includedir/# &/' /etc/sudoers",
        "mv /etc/sudoers.bak /etc/sudoers",
        account(
            "/etc/sudoers does not include /etc/sudoers.d",
            "add the line @includedir /etc/sudoers.d",
        ),
        {"dev becomes root without a password": "User dev is not allowed to run sudo on"},
    ),
    Break(
        "a person that sshd denies",
        "echo 'DenyUsers dev' >/etc/ssh/sshd_config.d/x.conf",
        "rm /etc/ssh/sshd_config.d/x.conf",
        {},
        {"sshd takes the keys of dev": "not allowed because listed in DenyUsers"},
    ),
    Break(
        "a variable that zsh of a person sets anew",
        *start(".zprofile", "export EDITOR=nano"),
        {},
        {LOGIN: "look at /home/dev/.zprofile:1"},
    ),
    Break(
        "a variable of a person's services",
        *start(".config/environment.d/99-mine.conf", "EDITOR=nano"),
        {},
        {SERVICES: "look at /home/dev/.config/environment.d/99-mine.conf:1"},
    ),
    Break(
        "a later file of profile.d",
        "echo 'export PAGER=more' >/etc/profile.d/99-late.sh",
        "rm /etc/profile.d/99-late.sh",
        {LATER: "/etc/profile.d/99-late.sh:1 sets PAGER anew"},
        {LOGIN: "look at /etc/profile.d/99-late.sh:1"},
    ),
    Break(
        "a later file of environment.d",
        "echo 'PAGER=more' >/etc/environment.d/99-late.conf",
        "rm /etc/environment.d/99-late.conf",
        {LATER: "/etc/environment.d/99-late.conf:1 sets PAGER anew"},
        {SERVICES: "look at /etc/environment.d/99-late.conf:1"},
    ),
    Break(
        "a login that hangs up",
        *start(".zshenv", "exit 0"),
        {},
        {"dev can log in": MISSING, LOGIN: MISSING},
    ),
    Break(
        "a file of git's that drops the helpers",
        *start(".gitconfig", "[credential] helper ="),
        {
            HELPER: (
                "an empty credential.helper in /home/dev/.gitconfig drops the helpers before it\n"
                "git asks no helper that knows this login"
            )
        },
        {"git has the login of dev on git.example.com": "could not read Username"},
    ),
    Break(
        "another helper of git that answers first",
        "cp /etc/gitconfig /etc/gitconfig.bak && printf '[credential]\\n\\thelper = %s\\n' "
        "'\"!f() { echo username=bot; echo password=bot; }; f\"' | "
        "cat - /etc/gitconfig.bak >/etc/gitconfig",
        "mv /etc/gitconfig.bak /etc/gitconfig",
        {},
        {"git has the login of dev on git.example.com": "another helper of git answers"},
    ),
]


@pytest.fixture(scope="module")
def station(
    start_machine: NewMachine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """A machine to which the environment was applied, and where all is well."""
    folder = tmp_path_factory.mktemp("persons")
    (folder / "box.yaml").write_text(BOX, "utf-8")
    box = start_machine("debian13")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "s3cret99")
        with workstation(box, folder / "box.yaml") as first:
            first.apply()
        with workstation(box, folder / "box.yaml") as opened:
            assert (said(opened.plan().failures), said(opened.verify())) == ({}, {})
            yield opened


def said(results: list[Result] | tuple[Result, ...]) -> dict[str, str]:
    """Return why checks failed, by check, without hints."""
    return {
        result.id: re.sub(r"\nhint: .*", "", result.reason)
        for result in results
        if result.outcome == "failed"
    }


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.what)
def test_what_is_broken_while_files_are_right_is_named(station: Workstation, broken: Break) -> None:
    station.machine.sh(broken.script)
    try:
        plan, verified = station.plan(), said(station.verify())
    finally:
        station.machine.sh(broken.undo)
    assert (plan.changes, said(plan.failures)) == ((), broken.plan)
    # What depends on the effect fails, too.
    assert {**broken.plan, **broken.verify}.keys() <= verified.keys()
    for check, line in broken.verify.items():
        assert line in verified[check]


def test_a_shell_that_dpkg_diverted_is_refused_by_plan(station: Workstation) -> None:
    divert = "dpkg-divert --quiet --local --rename --divert /usr/bin/zsh.away"
    station.machine.sh(f"{divert} --add /usr/bin/zsh")
    try:
        with pytest.raises(RefusedError, match="there is no /usr/bin/zsh, the login shell of dev"):
            station.plan()
    finally:
        station.machine.sh(f"{divert} --remove /usr/bin/zsh")


def test_a_shell_that_was_deleted_comes_back_with_its_package(station: Workstation) -> None:
    station.machine.sh("rm /usr/bin/zsh")
    plan = station.plan()
    named = {
        change.resource.id: (change.difference.before, change.difference.fields)
        for change in plan.changes
    }
    account = {"uid": 1000, "group": "dev", "home": "/home/dev", "shell": "/usr/bin/zsh (missing)"}
    reading = "command:zsh reads /etc/profile.d/60-envwright.sh"
    assert named == {
        "package:zsh": ({"programs": "/usr/bin/zsh missing"}, ("programs",)),
        "user:dev": (account, ("shell",)),
        reading: ({"value": Unknown("what comes before it changes")}, ("value",)),
    }
    assert station.apply(plan) == ["package:zsh", "user:dev", reading]
    assert (station.changed(), said(station.verify())) == (set(), {})


def test_a_rule_that_asks_for_a_password_is_proved_as_far_as_a_machine_can(
    station: Workstation, tmp_path: Path
) -> None:
    forget(station.machine)
    (tmp_path / "box.yaml").write_text(
        "name: pat-told\nuser: {name: pat, sudo: password}\n", "utf-8"
    )
    name = "pat becomes root with a password"
    nopasswd = "echo 'pat ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zz"
    told = []
    with workstation(station.machine, tmp_path / "box.yaml") as opened:
        opened.apply()
        for change in ("true", "echo pat:secret99 | chpasswd", nopasswd):
            station.machine.sh(change)
            proved = {result.id: result for result in opened.verify()}[name]
            told.append((proved.outcome, proved.reason.splitlines()[:2]))
    station.machine.sh("rm /etc/sudoers.d/zz; userdel --remove pat 2>/dev/null")
    assert told == [
        ("skipped", ["pat has no password yet, which sudo asks for: passwd pat"]),
        ("passed", []),
        ("failed", ["root", "no password is asked for: a rule with NOPASSWD comes after this one"]),
    ]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZ4mhVYyTHCB5tVrR0bE4bQ3s7N1hXh0m1N5mBJ9zQk"
FINGERPRINT = "SHA256://c8D7IS0ZjSdR+tYLffQ59rf4YAxmfnrwyaovh5FoI"
OTHER = f"SHA256:{'A' * 43}"
PROOF = "sshd takes the keys of pat"
KEYS_URL = "https://files.envwright.test/pat.keys"


def test_keys_that_are_published_are_taken_by_their_fingerprints(
    station: Workstation, server: Server, tmp_path: Path
) -> None:
    machine = station.machine
    machine.install("ca-certificates")
    server.put(KEYS_URL, f"{BOX.split('- ')[1].splitlines()[0]}\n{KEY}\n".encode())
    outcomes = []
    path, file = tmp_path / "box.yaml", "keys:/home/pat/.ssh/authorized_keys"
    for fingerprint in (OTHER, FINGERPRINT):
        keys = f"{{{KEYS_URL}: [{fingerprint}]}}"
        path.write_text(
            f"name: pat-keys\nuser: {{name: pat, authorized_keys_from: {keys}}}\n", "utf-8"
        )
        with workstation(machine, path) as opened:
            refused = ""
            try:
                opened.apply()
            except RefusedError as error:
                refused = error.message.splitlines()[0]
            outcomes.append((refused, opened.changed(), set(said(opened.verify()))))
    assert outcomes == [
        (f"{KEYS_URL} has nothing that is {OTHER}", {file}, {file, PROOF}),
        ("", set(), set()),
    ]
    assert machine.sh("cat /home/pat/.ssh/authorized_keys") == f"{KEY}\n"
    with server.fault("pat.keys", "status:404"), workstation(machine, path) as opened:
        assert opened.apply() == []
        machine.sh("rm /home/pat/.ssh/authorized_keys")
        with pytest.raises(StepError) as told:
            opened.apply()
    machine.sh("userdel --remove pat 2>/dev/null")
    assert f"cannot download {KEYS_URL}: 404" in told.value.message


HASH = (
    "$6$saltsalt$K7UFl//Wp07xMvFGF5CNr3JVL52HTe9O9C8NXwEvinkuKFSKIlvZQXSwQoNHq5D."
    "BYsXc7IkvOpvWCBRDof1g1"
)
"""What `openssl passwd -6 -salt saltsalt correct-horse` prints."""
NO_PASSWORD = (
    "pat will have no password, which sudo asks for: run `passwd pat` after apply, or set "
    "`password_hash`"
)
PAT = """\
name: pat-hash
secrets: {HASH: {file: hash}}
user: {name: pat, sudo: password, password_hash: "{{ secret.HASH }}"}
"""


def test_a_password_is_set_by_its_hash_which_no_plan_shows(
    station: Workstation, tmp_path: Path
) -> None:
    machine = station.machine
    (tmp_path / "box.yaml").write_text(PAT, "utf-8")
    (tmp_path / "hash").write_text("correct-horse\n", "utf-8")
    before = machine.sh("cat /etc/shadow")
    with workstation(machine, tmp_path / "box.yaml") as opened, pytest.raises(RefusedError) as told:
        opened.apply()
    assert str(told.value) == (
        f"{machine.host}: /etc/shadow: the password of pat is no hash in the form of crypt(5)\n"
        f"    wanted by user ({tmp_path}/box.yaml:3)\n"
        "hint: nothing was changed; correct the secret where its value is kept"
    )
    assert machine.sh("cat /etc/shadow; getent passwd pat || :") == before
    (tmp_path / "hash").write_text(f"{HASH}\n", "utf-8")
    with workstation(machine, tmp_path / "box.yaml") as opened:
        shown = [str(opened.plan().json())]
        opened.apply()
        shown.append(str(opened.plan().json()))
        assert (opened.changed(), said(opened.verify())) == (set(), {})
        assert machine.sh("su - pat -c 'echo correct-horse | sudo -S -p \"\" id -un'") == "root\n"
        machine.sh("usermod --lock pat")
        shown.append(str(opened.plan().json()))
        assert opened.changed() == {"keys:/etc/shadow"}
        assert [reason for reason in said(opened.verify()).values() if HASH in reason] == []
        opened.apply()
        assert machine.sh("grep ^pat: /etc/shadow | cut -d: -f2") == f"{HASH}\n"
    assert [text for text in shown if HASH in text] == []
    after = machine.sh("grep -v ^pat: /etc/shadow; stat -c '%a %U %G' /etc/shadow")
    assert after == f"{before}640 root shadow\n"
    machine.sh("userdel --remove pat 2>/dev/null")


def test_an_account_that_cannot_use_sudo_is_told_before_and_after(
    station: Workstation, tmp_path: Path
) -> None:
    forget(station.machine)
    (tmp_path / "box.yaml").write_text(
        "name: pat-sudo\nuser: {name: pat, sudo: password}\n", "utf-8"
    )
    with workstation(station.machine, tmp_path / "box.yaml") as opened:
        assert opened.plan().notes == (NO_PASSWORD,)
        opened.apply()
        plan = opened.plan()
        assert (plan.changes, plan.notes, said(plan.failures)) == (
            (),
            (),
            {
                "the account pat is usable": (
                    "it has no password, which sudo asks for\nwhat to do: passwd pat"
                )
            },
        )
        station.machine.sh("echo pat:secret99 | chpasswd")
        assert (opened.plan().settled, said(opened.verify())) == (True, {})
    station.machine.sh("userdel --remove pat 2>/dev/null")


def test_all_is_well_again(station: Workstation) -> None:
    plan = station.plan()
    assert (plan.changes, said(plan.failures), said(station.verify())) == ((), {}, {})
