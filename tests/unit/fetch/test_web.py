"""Layers of web servers: by https alone, of the SHA-256 that is named, within limits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from command import Said, error
from machines.server import Server

from envwright.fetch import web
from envwright.spec.source import SIZE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from command import Run
    from repositories import Repository

BASE = b"packages: [jq]\n"
DIGEST = hashlib.sha256(BASE).hexdigest()
GOOD = "box.yaml: good for debian-13: 1 resources, 2 proofs\n"
NETWORK = "hint: is this computer on the network? does it take a proxy (https_proxy)?"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose certificate is trusted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "server").mkdir()
    site = Server("127.0.0.1", tmp_path / "server/root", ["localhost"], port=0)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server/authority.crt"))
    site.put("https://localhost/base.yaml", BASE)
    with site.serving():
        yield site


def url(server: Server, name: str = "base.yaml") -> str:
    return f"https://localhost:{server.port}/{name}"


def check(run: Run, address: str, *arguments: str) -> Said:
    text = f"extends: {address}\n"
    return run("check", "box.yaml", "--for", "debian-13", *arguments, text=text)


def fault(said: Said) -> tuple[str, str]:
    """The message of an error at the address, and its hint."""
    lines = said.err.splitlines()
    (message,) = (line for line in lines if line.startswith("error: "))
    return message.removeprefix("error: box.yaml:2:10: "), lines[-1]


def test_a_file_is_fetched_once_and_then_offline(run: Run, server: Server) -> None:
    address = f"{url(server)}#sha256={DIGEST}"
    assert check(run, address) == Said(0, GOOD, f"Fetching {url(server)} ...\n")
    assert check(run, address, "--offline") == Said(0, GOOD, "")
    assert check(run, address) == Said(0, GOOD, "")
    assert server.requests == ["localhost/base.yaml"]
    assert run("explain", "box.yaml", "packages").out == (
        f'packages.install[0] = "jq"\n    {url(server)}:1\n'
    )


def test_another_file_than_the_address_names_is_refused(run: Run, server: Server) -> None:
    wanted = "ab" * 32
    assert fault(check(run, f"{url(server)}#sha256={wanted}")) == (
        f"{url(server)} is another file than it was: its SHA-256 is {DIGEST}, not {wanted}",
        (
            "hint: look at what changed; if you want the new file, name its SHA-256, or run "
            "`envwright lock --upgrade` where the lock has it"
        ),
    )


def test_a_damaged_file_of_the_cache_is_fetched_anew(
    run: Run, server: Server, tmp_path: Path
) -> None:
    address = f"{url(server)}#sha256={DIGEST}"
    check(run, address)
    (tmp_path / f"cache/envwright/layers/sha256/{DIGEST}.yaml").write_text("packages: [evil]\n")
    assert check(run, address) == Said(0, GOOD, f"Fetching {url(server)} ...\n")


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        (
            "status:404",
            "the server answers 404 Not Found",
            (
                "hint: open the address in a browser: the file may have moved, or take a login; "
                "for a file that takes one, use git+https or git+ssh"
            ),
        ),
        ("truncate", "the connection broke off in the middle of the file", NETWORK),
        ("slow:1", "the server takes longer than 1 s, or is silent for 20 s", NETWORK),
    ],
)
def test_a_download_that_fails_says_why(  # noqa: PLR0913, PLR0917 - a table of three
    kind: str,
    message: str,
    hint: str,
    run: Run,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "SECONDS", 1)
    with server.fault("base", kind):
        assert fault(check(run, f"{url(server)}#sha256={DIGEST}")) == (
            f"{url(server)}: {message}",
            hint,
        )


def test_a_server_leads_on_to_https_alone(run: Run, server: Server) -> None:
    server.put("https://localhost/old.yaml", b"")
    address = f"{url(server, 'old.yaml')}#sha256={DIGEST}"
    with server.fault("old", "redirect:http://localhost/base.yaml"):
        assert fault(check(run, address)) == (
            (
                f"{url(server, 'old.yaml')} leads on to an address of http, which is not protected "
                "on its way"
            ),
            "hint: name the address of https where the file is",
        )
    with server.fault("old", f"redirect:{url(server)}"):
        assert check(run, address).out == GOOD


def test_a_server_that_leads_round_and_round_is_left(run: Run, server: Server) -> None:
    with server.fault("base", f"redirect:{url(server)}"):
        message, _ = fault(check(run, f"{url(server)}#sha256={DIGEST}"))
    assert message.startswith(f"{url(server)}: the server answers 302 ")
    assert len(server.requests) <= web.REDIRECTS + 1


def test_a_file_that_is_too_large_is_left(run: Run, server: Server) -> None:
    server.put("https://localhost/large.yaml", b"#" * (SIZE_LIMIT + 1))
    assert fault(check(run, f"{url(server, 'large.yaml')}#sha256={DIGEST}")) == (
        f"{url(server, 'large.yaml')} has more than 1 MiB",
        "hint: an environment is smaller: is this the address of one?",
    )


def test_a_server_that_nobody_trusts_is_refused(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fault(check(run, f"{url(server)}#sha256={DIGEST}")) == (
        (
            f"{url(server)}: the certificate is not trusted here: "
            "unable to get local issuer certificate"
        ),
        (
            "hint: add the authority of the server or proxy to this computer, or name its file by "
            "SSL_CERT_FILE"
        ),
    )


def test_the_proxy_of_the_person_is_asked(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert fault(check(run, f"{url(server)}#sha256={DIGEST}")) == (
        f"{url(server)}: Connection refused",
        NETWORK,
    )
    assert server.requests == []


def test_a_file_of_a_web_server_stands_alone(run: Run, server: Server) -> None:
    for line in (b"extends: other.yaml\n", b"files: {/etc/motd: {source: motd}}\n"):
        server.put("https://localhost/a.yaml", line)
        digest = hashlib.sha256(line).hexdigest()
        message, _ = fault(check(run, f"{url(server, 'a.yaml')}#sha256={digest}"))
        assert message.startswith(f"error: {url(server, 'a.yaml')}:1:")


def test_a_repository_on_a_plain_web_server_is_fetched_whole(
    run: Run, server: Server, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit(**{"base.yaml": "packages: [jq]\n"})
    repository.commit(**{"base.yaml": "packages: [less]\n"})
    repository.git("update-server-info")
    for file in (repository.folder / ".git").rglob("*"):
        if file.is_file():
            name = file.relative_to(repository.folder / ".git")
            server.put(f"https://localhost/team/{name}", file.read_bytes())
    monkeypatch.setenv("GIT_SSL_CAINFO", str(server.root.parent / "tls.crt"))
    address = f"git+{url(server, 'team')}@{commit}:base.yaml"
    assert check(run, address).out == GOOD


def test_an_address_of_another_kind_is_told_at_its_place(run: Run, server: Server) -> None:
    text = url(server).replace("https", "http")
    assert check(run, text) == error(
        f"error: box.yaml:2:10: '{text}': who sits on the way could change what comes by http",
        f"    extends: {text}",
        "             ^",
        "hint: use https://",
    )
