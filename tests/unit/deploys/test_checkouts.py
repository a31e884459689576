"""checkouts: repositories by path, each of an account, followed or pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
checkouts:
  /home/dev/app: {url: "git@git.test:team/app.git", owner: dev, branch: main}
  /opt/tool: {url: https://git.test/tool, owner: root, tag: v1, depth: 1, timeout: 5m}
"""


def test_a_checkout_is_a_resource_and_what_git_needs_are_packages(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION) == {
        **{f"package:{name}": {} for name in ("git", "openssh-client", "ca-certificates")},
        "checkout:/home/dev/app": {"url": "git@git.test:team/app.git", "at": "branch main"},
        "checkout:/opt/tool": {"url": "https://git.test/tool", "at": "tag v1"},
    }
    assert states(tmp_path, "checkouts: {}\n") == {}


def test_every_script_is_well_written(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_logins_come_before_the_checkouts_that_need_them(tmp_path: Path) -> None:
    text = """\
secrets: {T: {env: T}}
user: {name: root}
logins:
  users: [root]
  netrc: {git.test: {login: ci, password: "{{ secret.T }}"}}
  git: {git.test: {login: ci, password: "{{ secret.T }}"}}
"""
    order = list(states(tmp_path, f"{SECTION}{text}"))
    places = [order.index(id_) for id_ in ("keys:/root/.netrc", "command:git logins on git.test")]
    assert max(places) < order.index("checkout:/opt/tool")


PROXY = 'proxy: {http: "http://proxy.test:3128"}\n'


def test_what_lies_in_a_checkout_comes_after_it_and_the_proxy_of_a_login_before_it(
    tmp_path: Path,
) -> None:
    files = """\
files:
  /opt/tool/local: {directory: true}
  /opt/tool/local/settings: {content: ""}
  /opt/tool/link: {link: local}
  /opt/link: {link: tool/local}
"""
    order = list(states(tmp_path, f"{SECTION}{files}{PROXY}"))
    checkout = order.index("checkout:/opt/tool")
    assert [id_ for id_ in order[checkout:] if "/opt/tool" in id_] == [
        "checkout:/opt/tool",
        "directory:/opt/tool/local",
        "file:/opt/tool/local/settings",
        "link:/opt/tool/link",
    ]
    before = ("link:/opt/link", "file:/etc/profile.d/50-envwright-proxy.sh")
    assert {*before} <= {*order[:checkout]}


def test_a_home_that_is_a_checkout_comes_before_the_logins_in_it(tmp_path: Path) -> None:
    text = """\
secrets: {T: {env: T}}
user: {name: root}
logins: {users: [root], netrc: {git.test: {login: ci, password: "{{ secret.T }}"}}}
checkouts: {/root: {url: https://git.test/home, branch: main}}
"""
    order = [id_ for id_ in states(tmp_path, text) if "/root" in id_]
    assert order == ["checkout:/root", "keys:/root/.netrc"]


def test_the_owner_must_be_there(tmp_path: Path) -> None:
    (requirement,) = compile_section(tmp_path, SECTION).requirements
    assert (requirement.name, requirement.at) == (
        "there is the account dev",
        ("/home/dev/app", "owner"),
    )


def told(folder: Path, **fields: Any) -> list[str]:
    """What is wrong with a checkout, without its place."""
    entry = {"url": "https://git.test/a", "owner": "root", "branch": "main", **fields}
    words = ", ".join(f'{key}: "{value}"' for key, value in entry.items() if value)
    found = refusals(folder, f"checkouts: {{/opt/a: {{{words}}}}}\n")
    return [said.partition(": ")[2].removeprefix("checkouts./opt/a") for said in found]


@pytest.mark.parametrize(
    "url",
    [
        "https://git.test/a.git",
        "https://me@git.test:8443/team/a",
        "ssh://git@git.test:22/a",
        "git@git.test:~me/a",
        "git.test:a",
        "file:///srv/git/a.git",
    ],
)
def test_addresses_that_git_knows_are_taken(url: str, tmp_path: Path) -> None:
    assert told(tmp_path, url=url) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter22@git.test/a",
        "ext::sh -c id",
        "ext::id",
        "-oProxyCommand=id",
        "ssh://-oProxyCommand=id/a",
        "git@-host:a",
        "git.test:--upload-pack=id",
        "/srv/git/a.git",
        "https://git.test/a b",
    ],
)
def test_addresses_that_run_commands_or_show_passwords_are_refused(
    url: str, tmp_path: Path
) -> None:
    what = "an address by https, ssh (`git@HOST:PATH`) or file, without a password"
    assert told(tmp_path, url=url) == [f".url must be {what}, not text '{url}'"]


@pytest.mark.parametrize("name", ["a..b", "a//b", "a@{b", "a/", "a/.b"])
def test_names_that_git_refuses_are_refused(name: str, tmp_path: Path) -> None:
    assert told(tmp_path, branch=name) == [
        ".branch must be a name as git takes it: no `..`, `//` or `@{`, no `.` in front"
    ]


@pytest.mark.parametrize("name", ["a.", "a.lock", "a.lock/b"])
def test_names_with_an_end_that_git_refuses_are_refused(name: str, tmp_path: Path) -> None:
    assert told(tmp_path, branch=name) == [
        ".branch must be a name as git takes it: no `.` or `.lock` at its end"
    ]


def test_one_of_branch_tag_and_commit_is_needed(tmp_path: Path) -> None:
    for more in ({"branch": ""}, {"tag": "v1"}):
        assert told(tmp_path, **more) == [" needs exactly one of 'branch', 'tag' and 'commit'"]
    assert told(tmp_path, branch="", commit="abc123") == [
        ".commit must be the whole name of a commit: 40 digits, not text 'abc123'"
    ]
