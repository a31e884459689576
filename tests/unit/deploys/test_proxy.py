"""proxy: each program has it in its own way, and no login lies open."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
proxy:
  http: http://proxy.example.test:3128
  https: "http://[fd00::1]:8080"
  no_proxy: [example.test, .corp.test, 10.0.0.0/8]
"""
DIRECT = "localhost,127.0.0.1,::1,example.test,.corp.test,10.0.0.0/8"
HEADER = "Written by envwright: change the environment, not this file.\n"


def contents(tmp_path: Path, text: str) -> dict[str, Any]:
    return {id_: state.get("content") for id_, state in states(tmp_path, text).items()}


def test_apt_has_the_proxy_and_the_hosts_that_it_reaches_itself(tmp_path: Path) -> None:
    made = contents(tmp_path, SECTION)["file:/etc/apt/apt.conf.d/95envwright-proxy"]
    own = ("localhost", "127.0.0.1", "example.test", "corp.test")
    addresses = {"http": "http://proxy.example.test:3128", "https": "http://[fd00::1]:8080"}
    lines = [
        line
        for kind, address in addresses.items()
        for line in (
            f'Acquire::{kind}::Proxy "{address}";\n',
            *(f'Acquire::{kind}::Proxy::{host} "DIRECT";\n' for host in own),
        )
    ]
    assert made == f"// {HEADER}{''.join(lines)}"


def test_sessions_have_the_variables_in_small_and_in_capital_letters(tmp_path: Path) -> None:
    made = contents(tmp_path, SECTION)["file:/etc/profile.d/50-envwright-proxy.sh"]
    small = {
        "http_proxy": "http://proxy.example.test:3128",
        "https_proxy": "http://[fd00::1]:8080",
        "no_proxy": DIRECT,
    }
    both = [*small.items(), *((name.upper(), value) for name, value in small.items())]
    assert made == f"# {HEADER}{''.join(f'export {n}={v!r}{chr(10)}' for n, v in both)}"


def test_apt_has_the_proxy_before_it_fetches_anything(tmp_path: Path) -> None:
    ids = list(states(tmp_path, f"packages: [git]\ndocker: {{}}\n{SECTION}"))
    assert ids[0] == "file:/etc/apt/apt.conf.d/95envwright-proxy"


def test_the_authorities_come_by_the_proxy(tmp_path: Path) -> None:
    from envwright.model.catalogue import discover  # noqa: PLC0415

    ids = list(states(tmp_path, f"{discover()['certificates'].example}{SECTION}"))
    assert ids[:2] == ["file:/etc/apt/apt.conf.d/95envwright-proxy", "package:ca-certificates"]


def test_containers_of_an_account_get_the_proxy(tmp_path: Path) -> None:
    made = states(tmp_path, f"{SECTION}  containers: [root]\n")
    state = {str(key): value for key, value in made["keys:/root/.docker/config.json"].items()}
    assert state == {
        "kind": "file",
        "mode": "0600",
        "owner": "root",
        "group": "root",
        "key proxies/default/httpProxy": "http://proxy.example.test:3128",
        "key proxies/default/httpsProxy": "http://[fd00::1]:8080",
        "key proxies/default/noProxy": DIRECT,
    }


LOGIN = (
    "must not hold a login, which every user and process could read; let a relay on this machine "
    "log in to the proxy (cntlm, px), and name the relay's address"
)
FORM = "must be the address of a proxy with its port: http://HOST:PORT"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://me:pass@proxy.test:3128", LOGIN),
        ("http://{{ secret.PROXY }}@proxy.test:3128", LOGIN),
        ("proxy.test:3128", FORM),
        ("http://proxy.test", FORM),
        ("socks5://proxy.test:1080", FORM),
        ("http://proxy.test:3128/wpad.dat", FORM),
        ('http://a";}:1', FORM),
        ("http://$(id):1", FORM),
    ],
)
def test_an_address_that_programs_would_not_take_is_refused(
    tmp_path: Path, address: str, said: str
) -> None:
    text = f"secrets: {{PROXY: {{env: P}}}}\nproxy: {{http: '{address}'}}\n"
    assert refusals(tmp_path, text) == [f"3:15: proxy.http {said}"]


def test_a_pattern_with_an_asterisk_is_refused(tmp_path: Path) -> None:
    text = 'proxy: {http: "http://a.test:1", no_proxy: ["*.example.test"]}\n'
    (said,) = refusals(tmp_path, text)
    assert "without `*`, which most programs do not understand there" in said


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_a_proxy_that_nobody_answers_at_is_told(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "proxy: {http: 'http://127.0.0.1:1'}\n")
    (proof,) = (proof for proof in made.proofs if proof.name.endswith("answers"))
    done = subprocess.run(["sh", "-c", proof.script], capture_output=True, text=True, check=False)
    assert (done.returncode, "Connection refused" in done.stderr) == (1, True)
