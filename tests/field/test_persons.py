"""Persons on machines that have lived: their shells, startup files, rights, keys and logins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from field_case import Case, Place
    from machines.machine import Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"


def applied(case: Case, **settings: str) -> list[str]:
    """Apply the case; return the lines below the checks that failed then, and their names."""
    said = case.run("apply", "--yes", **settings)
    assert said.err == ""
    return failed(said.out)


def failed(out: str) -> list[str]:
    """Return each check that failed, with what it says, in the order of the report."""
    return [
        line.strip()
        for block in re.findall(r"^  failed  .*\n(?:      .*\n)*", out, re.MULTILINE)
        for line in block.splitlines()
    ]


def nothing_to_do(case: Case, **settings: str) -> bool:
    """Tell whether plan has nothing to say, and verify finds everything."""
    plan, verify = case.run("plan", **settings), case.run("verify", **settings)
    return "Nothing to do:" in plan.out and (plan.code, verify.code) == (0, 0)


def test_a_number_that_somebody_has_is_told_before_anything_is_changed(
    place: Place, debian13: Machine
) -> None:
    case = place("uid-1000-taken", debian13)
    said = case.run("plan")
    assert (said.code, said.err) == (
        1,
        (
            "error: box.yaml:2:24: uid 1000 belongs to ubuntu on this machine\n"
            "    user: {name: una, uid: 1000, shell: /usr/bin/zsh}\n"
            "                           ^\n"
            "hint: leave out `uid`, choose another one, or make ubuntu the user\n"
        ),
    )


def test_variables_reach_login_shells_that_read_no_profile(place: Place, debian13: Machine) -> None:
    case = place("zsh-reads-no-profile", debian13)
    assert applied(case) == []
    has = "".join(f"su - {who} -c 'printenv GOPROXY'\n" for who in ("dev", "fay", "root"))
    assert debian13.sh(has) == "https://proxy.example.com,direct\n" * 3
    for who, home in {"dev": "/home/dev", "fay": "/home/fay", "root": "/root"}.items():
        notes, path = debian13.sh(f"su - {who} -c 'printenv NOTES PATH'").splitlines()
        first, *others = path.split(":")
        assert (notes, first) == (f"{home}/notes", f"{home}/.local/bin")
        assert others.count("/opt/games") == 1
    assert nothing_to_do(case)


def test_a_profile_that_greets_and_leaves_a_process_is_no_fault(
    place: Place, debian13: Machine
) -> None:
    case = place("profile-with-a-banner", debian13)
    debian13.sh("usermod --shell /bin/bash dev")
    assert applied(case) == []
    assert debian13.sh("pgrep -x sleep || true") == ""
    assert nothing_to_do(case)


def test_a_profile_that_becomes_another_shell_is_told(place: Place, debian13: Machine) -> None:
    said = place("profile-starts-another-shell", debian13).run("verify")
    debian13.sh("userdel --remove eve 2>/dev/null")
    assert failed(said.out) == [
        "failed  eve can log in",
        "the login shell of eve ran no command; it said:",
        "on to sh",
    ]


def test_an_sshd_that_looks_for_keys_elsewhere_is_told(place: Place, debian13: Machine) -> None:
    case = place("authorized-keys-elsewhere", debian13)
    assert applied(case) == [
        "failed  sshd takes the keys of kim",
        f"sshd does not take the key {KEY}",
        "pubkeyauthentication yes",
        "strictmodes yes",
        "authorizedkeysfile /root/.ssh/authorized_keys",
    ]
    debian13.sh("rm /etc/ssh/sshd_config.d/keys.conf")
    assert nothing_to_do(case)


def test_a_rule_of_sudo_that_a_later_one_takes_back_is_told(
    place: Place, debian13: Machine
) -> None:
    case = place("sudo-rule-comes-later", debian13)
    assert applied(case) == [
        "failed  sam becomes root without a password",
        "sudo: a password is required",
        "of these rules the last that fits counts:",
        "(ALL : ALL) NOPASSWD: ALL",
        "(ALL) ALL",
    ]
    debian13.sh("mv /etc/sudoers.d/standard /etc/sudoers.d/a-standard")
    assert nothing_to_do(case)


def test_a_variable_that_bash_keeps_is_refused(place: Place, debian13: Machine) -> None:
    said = place("uid-in-environment", debian13).run("plan")
    assert (said.code, said.err) == (
        1,
        (
            "error: box.yaml:2:20: a shell keeps the name UID for itself: its login would break\n"
            '    environment: {UID: "1000", EDITOR: vim}\n'
            "                       ^\n"
            "hint: choose another name\n"
        ),
    )


def test_a_dollar_and_an_escape_are_what_services_and_shells_see(
    place: Place, debian13: Machine
) -> None:
    case = place("dollar-in-environment-d", debian13)
    assert applied(case) == []
    shown = "systemd-run --quiet --wait --pipe --collect printenv LESS LESS_TERMCAP_md"
    for asked in ("su - root -c 'printenv LESS LESS_TERMCAP_md'", shown):
        assert debian13.sh(asked) == "-Ps%f $HOME `x` \\ 100%\n\x1b[1;36m\n"
    assert nothing_to_do(case)


RESET = [
    "failed  git of gil asks the helper for git.corp.example",
    "an empty credential.helper in /home/gil/.gitconfig drops the helpers before it",
    "git asks no helper that knows this login",
]


@pytest.fixture
def helpers(place: Place, debian13: Machine) -> Case:
    return place("gitconfig-resets-helpers", debian13)


def test_a_file_of_git_that_drops_the_helper_is_named_with_what_a_person_can_do(
    helpers: Case, debian13: Machine
) -> None:
    assert RESET[0] in applied(helpers, TOKEN="s3cret99")
    plan = helpers.run("plan", TOKEN="s3cret99")
    *told, hint = failed(plan.out)
    assert (plan.code, told) == (2, RESET)
    advice = re.fullmatch(r"hint: where gil wants both, as gil: (.*)", hint)
    assert advice
    debian13.put("/tmp/advice", advice[1], mode="0755")
    debian13.sh("su - gil -c 'sh /tmp/advice'; rm /tmp/advice")
    assert nothing_to_do(helpers, TOKEN="s3cret99")
    key = "credential.https://git.corp.example.helper"
    others = debian13.sh(f"git config --file /etc/gitconfig --get-all {key}").splitlines()
    assert others[0] == "store"


def test_a_netrc_of_several_logins_keeps_all_others(place: Place, debian13: Machine) -> None:
    case = place("netrc-of-several-logins", debian13)
    assert applied(case, TOKEN="s3cret99") == []
    assert debian13.sh("cat /home/ned/.netrc") == (
        "# the robot first\n"
        "machine git.corp.example login ned password s3cret99\n"
        "machine git.corp.example login robot password r0bot\n"
        "machine nexus.corp.example login ned password hunter2\n"
        "default login anonymous password guest\n"
    )
    assert nothing_to_do(case, TOKEN="s3cret99")


def test_names_with_capitals_and_dots_are_names(place: Place, debian13: Machine) -> None:
    case = place("names-of-a-directory", debian13)
    assert applied(case) == []
    assert debian13.sh("id -nG Jane.Doe; stat -c %U /home/Jane.Doe/note") == (
        "Jane.Doe team\nJane.Doe\n"
    )
    assert debian13.sh("for who in Jane.Doe JANE; do su - $who -c 'sudo -n id -un'; done") == (
        "root\nroot\n"
    )
    assert nothing_to_do(case)


def test_an_account_has_the_group_of_its_name_whoever_made_the_group(
    place: Place, debian13: Machine
) -> None:
    case = place("account-in-a-group-of-its-name", debian13)
    assert applied(case) == []
    assert debian13.sh("for who in ubuntu anna michal crew; do id -nG $who; done; id -g crew") == (
        "ubuntu\nanna\nmichal ubuntu\ncrew\n2222\n"
    )
    assert nothing_to_do(case)


def test_a_new_account_gets_the_number_that_its_home_belongs_to(
    place: Place, debian13: Machine
) -> None:
    case = place("home-of-an-old-account", debian13)
    assert "      shell: /bin/bash\n      uid: 3333\n" in case.run("plan").out
    assert applied(case) == []
    assert debian13.sh("su - old -c 'cat note; touch more; stat -c %U more'") == "kept\nold\n"
    assert nothing_to_do(case)


def test_an_account_of_a_network_directory_is_left_to_the_directory(
    place: Place, debian13: Machine
) -> None:
    debian13.install("libnss-extrausers")
    case = place("account-of-a-directory", debian13)
    said = case.run("apply", "--yes")
    assert (said.code, said.err) == (
        1,
        (
            "error: HOST: jdoe is an account of a network directory, not of /etc/passwd: name it "
            "where it is used, and leave the account to the directory\n"
            "    wanted by user (box.yaml:2)\n"
            "hint: nothing was changed\n"
        ),
    )
    case.write("files: {/srv/note: {content: mine, owner: jdoe, group: users}}\n")
    assert applied(case) == []
    assert nothing_to_do(case)
