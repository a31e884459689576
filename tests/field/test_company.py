"""What companies ask of machines: settings of sshd, authorities, proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import envwright

if TYPE_CHECKING:
    import pytest
    from field_case import Place
    from machines.machine import Machine


def test_the_account_that_works_here_is_not_locked_out_of_sshd(
    place: Place, debian13: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = place("sshd-group-without-the-account", debian13)
    ssh = debian13.enable_ssh("dev")
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {ssh.config}")
    words = ("apply", "box.yaml", "--host", f"@ssh/{ssh.alias}", "--yes")
    said = envwright(*words, cwd=case.folder)
    error = (
        f"error: @ssh/{ssh.alias}: the account dev, by which this session came, could not log in "
        "again: AllowGroups names no group of it\n"
        "    wanted by ssh (box.yaml:3)\n"
        "hint: let the account in, or connect by another account or without SSH\n"
    )
    assert (said.code, said.err) == (1, error)
    box = case.folder / "box.yaml"
    box.write_text(box.read_text("utf-8").replace("sudo", "dev, sudo"), "utf-8")
    assert envwright(*words, cwd=case.folder).code == 0
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]
    debian13.sh("rm /etc/ssh/sshd_config.d/10-envwright.conf; systemctl restart ssh")


def test_a_file_of_cloud_init_does_not_let_passwords_in(place: Place, debian13: Machine) -> None:
    case = place("sshd-password-by-cloud-init", debian13)
    assert case.run("apply", "--yes").code == 0
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]
    first = "/etc/ssh/sshd_config.d/00-site.conf"
    debian13.sh(f"echo 'PasswordAuthentication yes' > {first}")
    said = case.run("plan")
    told = f"{first}:1:PasswordAuthentication yes"
    assert (said.code, told in said.out) == (2, True), said
    debian13.sh(f"rm {first}")
    assert case.run("plan").code == 0


def test_both_authorities_of_one_file_are_trusted(place: Place, debian13: Machine) -> None:
    case = place("certificates-in-one-file", debian13)
    assert case.run("apply", "--yes").code == 0
    assert [case.run(verb).code for verb in ("plan", "verify")] == [0, 0]
    folder = "/usr/local/share/ca-certificates"
    verify = "openssl verify -no-CAfile -CApath /etc/ssl/certs"
    assert debian13.sh(f"cd {folder} && {verify} acme.crt acme-2.crt") == (
        "acme.crt: OK\nacme-2.crt: OK\n"
    )


def test_a_proxy_of_the_installer_that_wins_is_named(place: Place, debian13: Machine) -> None:
    case = place("proxy-of-the-installer", debian13)
    apt = '/etc/apt/apt.conf:1:Acquire::http::Proxy "http://old.example.test:3128";'
    git = "/home/gil/.gitconfig:\tproxy = http://old.example.test:3128"
    # verify, which follows apply, finds both.
    said = case.run("apply", "--yes")
    assert (said.code, apt in said.out, git in said.out) == (2, True, True), said
    said = case.run("plan")
    assert (said.code, apt in said.out, git in said.out) == (2, True, False), said
    debian13.sh("rm /etc/apt/apt.conf")
    assert case.run("plan").code == 0
