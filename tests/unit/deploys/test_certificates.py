"""certificates: whatever file a company hands out becomes one file for each certificate."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from authorities import certificate, der, pem
from house import HOUSE
from sections import compile_section, ill_written, refusals, states

from envwright.model.catalogue import discover

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = "certificates:\n  authorities:\n    acme: {source: acme.pem}\n"
FOLDER = "/usr/local/share/ca-certificates"
ROOT, NEXT = certificate("Acme Root"), certificate("Acme Root 2", signs=True)
NOISE = "subject=CN = Acme Root\nBag Attributes\n"


def files(tmp_path: Path, data: bytes) -> dict[str, str]:
    """The files that a file of a company becomes."""
    (tmp_path / "acme.pem").write_bytes(data)
    return {
        id_.removeprefix(f"file:{FOLDER}/"): state["content"]
        for id_, state in states(tmp_path, SECTION).items()
        if id_.startswith(f"file:{FOLDER}/")
    }


@pytest.mark.parametrize(
    "data",
    [
        pem(ROOT).encode(),
        der(ROOT),
        (NOISE + pem(ROOT)).encode(),
        pem(ROOT).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + pem(ROOT).encode(),
        pem(ROOT).encode("utf-16"),
        pem(ROOT).rstrip("\n").encode(),
        (pem(ROOT) + pem(ROOT)).encode(),
    ],
    ids=["pem", "der", "comments", "crlf", "mark", "utf-16", "no end of line", "twice"],
)
def test_a_certificate_is_read_however_it_was_exported(tmp_path: Path, data: bytes) -> None:
    assert files(tmp_path, data) == {"acme.crt": pem(ROOT)}


def test_each_certificate_of_a_bundle_gets_a_file_of_its_own(tmp_path: Path) -> None:
    bundle = (NOISE + pem(ROOT) + NOISE + pem(NEXT)).encode()
    assert files(tmp_path, bundle) == {"acme.crt": pem(ROOT), "acme-2.crt": pem(NEXT)}


KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"
PKCS7 = "-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n"
HAS_KEY = (
    "must not hold a private key, which belongs to the authority alone: take the key out, and tell "
    "the authority who could read it"
)
IN_PKCS7 = (
    "must hold certificates in PEM or DER; write them out: openssl pkcs7 -print_certs "
    "-in FILE -out NEW.pem"
)
NONE = "must hold a certificate in PEM or DER"
ALONE = "must hold certificates of authorities alone: CN=old"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((pem(ROOT) + KEY).encode(), HAS_KEY),
        (PKCS7.encode(), IN_PKCS7),
        (b"", NONE),
        (b"<html>", NONE),
        (pem(ROOT)[:200].encode(), NONE),
        (
            der(certificate("old", authority=False)),
            f"{ALONE} is a single server's or a person's (CA:FALSE)",
        ),
        (
            der(certificate("old", authority=None)),
            f"{ALONE} is a single server's or a person's (CA:FALSE)",
        ),
        (
            der(certificate("old", signs=False)),
            f"{ALONE} may not sign others (no keyCertSign)",
        ),
        (
            der(certificate("old", bits=1024)),
            f"{ALONE} has a key of 1024 bits, and OpenSSL takes no less than 2048",
        ),
    ],
)
def test_what_no_program_would_trust_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "acme.pem").write_bytes(data)
    assert refusals(tmp_path, SECTION) == [f"4:20: certificates.authorities.acme.source {said}"]


def requirements(tmp_path: Path, begins: dt.timedelta, ends: dt.timedelta) -> list[str]:
    """What is refused of a certificate that is valid for some time around this moment."""
    now = dt.datetime.now(dt.timezone.utc)
    made = certificate("Acme Root", times=(now + begins, now + ends))
    (tmp_path / "acme.pem").write_text(pem(made))
    return [
        requirement.refusal
        for requirement in compile_section(tmp_path, SECTION).requirements
        if subprocess.run(["sh", "-c", requirement.script], check=False).returncode
    ]


def test_a_certificate_is_refused_when_the_machines_clock_is_not_in_its_time(
    tmp_path: Path,
) -> None:
    day = dt.timedelta(days=1)
    today = dt.datetime.now(dt.timezone.utc)
    assert requirements(tmp_path, -day, day) == []
    assert requirements(tmp_path, -2 * day, -day) == [
        f"the certificate of CN=Acme Root expired on {today - day:%Y-%m-%d}"
    ]
    (early,) = requirements(tmp_path, day, 2 * day)
    assert early == (
        f"the certificate of CN=Acme Root is valid from {today + day:%Y-%m-%d} on, and the "
        "machine's clock is not there yet"
    )


def test_apt_fetches_nothing_before_the_authorities_are_trusted(tmp_path: Path) -> None:
    (tmp_path / "acme.pem").write_text(pem(ROOT))
    ids = list(states(tmp_path, f"packages: [git]\ndocker: {{}}\n{SECTION}"))
    trusted = ids.index("command:certificates")
    assert ids[:trusted] == ["package:ca-certificates", f"file:{FOLDER}/acme.crt"]


def test_a_registry_gets_all_authorities(tmp_path: Path) -> None:
    (tmp_path / "acme.pem").write_text(pem(ROOT) + pem(NEXT))
    made: dict[str, Any] = states(tmp_path, f'{SECTION}  registries: ["hub.acme.test:5000"]\n')
    file = made["file:/etc/docker/certs.d/hub.acme.test:5000/ca.crt"]
    assert file["content"] == pem(ROOT) + pem(NEXT)


COMPANY = HOUSE / "tests" / "e2e" / "environments"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def tls_server() -> Iterator[int]:
    """A server with a certificate of the authority in company-root.pem; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    argv = ["openssl", "s_server", "-quiet", "-www", "-accept", str(port), "-cert"]
    with subprocess.Popen([*argv, COMPANY / "company-server.pem"], stdin=subprocess.DEVNULL) as run:
        try:
            while not answers(port):
                time.sleep(0.02)
            yield port
        finally:
            run.kill()


@pytest.mark.parametrize("trusted", [True, False])
def test_every_program_that_is_here_asks_a_server_for_its_certificate(
    tmp_path: Path, *, trusted: bool
) -> None:
    (tmp_path / "acme.pem").write_text(pem(ROOT))
    store = COMPANY / "company-root.pem" if trusted else tmp_path / "acme.pem"
    with tls_server() as port:
        made = compile_section(tmp_path, f'{SECTION}  servers: ["localhost:{port}"]\n')
        (proof,) = (one for one in made.proofs if one.name == f"programs trust localhost:{port}")
        script = proof.script.replace(BUNDLE, str(store))
        # No variable of this computer's own may lead a program to another store.
        done = subprocess.run(
            ["sh", "-c", script],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, bool(done.stdout)) == ((0, False) if trusted else (1, True)), done
    assert ("openssl: " in done.stdout) is not trusted


def test_java_is_asked_for_the_certificates(tmp_path: Path) -> None:
    (tmp_path / "acme.pem").write_text(pem(ROOT))
    made = compile_section(tmp_path, SECTION)
    (proof,) = (one for one in made.proofs if one.name == "Java trusts the authorities")
    known = next(Path("/etc/ssl/certs").glob("ISRG_Root_X1.*"))
    path, own = f"{FOLDER}/acme.crt", tmp_path / "own.pem"
    own.write_text(pem(ROOT))
    codes = [
        subprocess.run(["sh", "-c", proof.script.replace(path, str(file))], check=False).returncode
        for file in (known, own)
    ]
    assert codes == ([0, 1] if shutil.which("keytool") else [77, 77])


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    example = discover()["certificates"].example
    assert ill_written(compile_section(tmp_path, f'{example}  servers: ["a.test"]\n')) == []
