"""A person's whole environment, over a company's base, on a bare machine behind a proxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from machines import archives
from machines.proxy import Proxy
from repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from field_case import Case, Place
    from machines.engine import Network
    from machines.machine import Machine
    from machines.server import Server

SITE = "files.envwright.test"
HOME = "/home/una"
PROFILE = ". ~/.bashrc\nexport PAGER=cat\n"
BREAKS = {
    "directory:/opt/site": "rmdir /opt/site",
    "user:anna": "usermod --shell /bin/bash anna",
    "member:staff/una": "gpasswd --delete una staff",
    "package:nano": "dpkg --remove nano",
    "archive:/opt/greet": "rm /opt/greet/bin/greet",
    "link:/usr/local/bin/greet": "ln -sfn /bin/true /usr/local/bin/greet",
    f"file:{HOME}/dotfiles/machine.vim": f"rm {HOME}/dotfiles/machine.vim",
    f"checkout:{HOME}/dotfiles": f"rm -r {HOME}/dotfiles",
    f"link:{HOME}/.vimrc": f"rm {HOME}/.vimrc",
    f"link:{HOME}/.profile": f"cp --remove-destination /etc/skel/.profile {HOME}",
    f"keys:{HOME}/.bashrc": f"sed -i 's/^export BLOG=.*/export BLOG=mine/' {HOME}/.bashrc",
    "command:certificates": "rm /etc/ssl/certs/company.pem; update-ca-certificates --fresh; "
    "rm /etc/ssl/certs/ca-certificates.crt",
    "file:/etc/apt/apt.conf.d/95envwright-proxy": "rm /etc/apt/apt.conf.d/95envwright-proxy",
    "file:/etc/profile.d/50-envwright-proxy.sh": "rm /etc/profile.d/50-envwright-proxy.sh",
}
"""How a person breaks each part by hand, by the id of the resource that plan names then."""


@pytest.fixture
def proxy(engine: Network) -> Iterator[Proxy]:
    """The company's proxy, which alone knows where the company's server is."""
    with Proxy(engine.gateway, [SITE]).running() as running:
        yield running


@pytest.fixture
def options(server: Server, proxy: Proxy, tmp_path: Path) -> list[str]:
    """The variables of the environment: the proxy, and the archive that the server has now."""
    dotfiles = Repository.new(tmp_path / "repository")
    files = {"vimrc": "set number\n", "tool/settings": "colour = no\n", "profile": PROFILE}
    dotfiles.commit(**files)
    bare = server.root / SITE / "dotfiles.git"
    dotfiles.git("clone", "--quiet", "--bare", ".", str(bare))
    dotfiles.git("--git-dir", str(bare), "update-server-info")
    greet = archives.tar([archives.file("greet-1.0/bin/greet")])
    digits = archives.publish(server, "greet-1.0.tar.gz", greet)
    (tmp_path / "company.pem").write_text(server.certificate, "utf-8")
    return ["--var", f"proxy={proxy.url}", "--var", f"digits={digits}"]


def changes(case: Case, options: list[str]) -> set[str]:
    """Return the ids of what plan would change."""
    told = json.loads(case.run("plan", "--json", *options).out)
    return {change["id"] for change in told["changes"]}


def applied(case: Case, options: list[str]) -> str:
    """Apply, which verifies; nothing is left for a second plan. Return what apply said."""
    said = case.run("apply", "--yes", *options)
    assert (said.code, said.err) == (0, ""), said.out
    plan = case.run("plan", *options)
    assert ("Nothing to do:" in plan.out, plan.code) == (True, 0), plan
    return said.out


def as_person(machine: Machine, name: str, script: str) -> str:
    """Run a script as a person does who is logged in, in an interactive shell."""
    return machine.sh(f"su - {name} -c 'bash -ic \"$(cat)\" 2>/dev/null'", text=script)


def test_a_person_s_environment_comes_by_the_company_s_proxy_and_is_mended_in_order(
    place: Place, debian13: Machine, proxy: Proxy, options: list[str]
) -> None:
    case = place("person-behind-a-company-proxy", debian13)
    debian13.sh(f"! getent hosts {SITE}")
    assert BREAKS.keys() <= changes(case, options)
    applied(case, options)
    assert {*proxy.requests} == {("GET", "deb.debian.org"), ("CONNECT", SITE)}
    assert as_person(debian13, "una", SEES) == SEEN
    assert as_person(debian13, "anna", "id -nG; getent passwd anna | cut -d : -f 7") == (
        "anna staff\n/bin/sh\n"
    )

    debian13.sh("\n".join(("set -e", "{", *BREAKS.values(), "} >/dev/null 2>&1")))
    assert changes(case, options) == {*BREAKS}
    assert case.run("verify", *options).code == 2
    replaced = "target: copy of /etc/skel/.profile -> dotfiles/profile\n"
    assert replaced in applied(case, options)
    assert as_person(debian13, "una", SEES) == SEEN


SEES = f"""
cat ~/.vimrc ~/dotfiles/machine.vim ~/.config/tool/settings
greet $BLOG $PAGER
stat -c '%U %G %a' $BLOG
command -v curl nano
curl -sSo /dev/null -w '%{{http_code}}\\n' https://{SITE}/content/greet-1.0.tar.gz
git -C dotfiles status --short --branch
git ls-remote --heads https://{SITE}/dotfiles.git | cut -f 2
id -nG
"""
SEEN = """\
set number
set mouse=
colour = no
hello, /opt/site
una staff 2775
/usr/bin/curl
/usr/bin/nano
200
## main...origin/main
?? machine.vim
refs/heads/main
una staff
"""
