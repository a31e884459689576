"""The capability `certificates`: a company's own authorities, trusted by every program."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from envwright.model.capability import Capability, Settings, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.values import Adding, LocalBytes, exactly_one, spelled
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.resources.variables import Variables

from . import x509

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

FOLDER = "/usr/local/share/ca-certificates"
"""Where update-ca-certificates(8) looks for authorities of the site: files that end in `.crt`."""
TRUSTED = "command:certificates"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
VARIABLES = Variables(
    "50-envwright-certificates",
    dict.fromkeys(("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), BUNDLE),
    "the variables that lead to the authorities",
)
"""For programs with a store of their own: Node.js and npm; Python's requests, pip and boto3; and
all that read SSL_CERT_FILE, as an OpenSSL that does not come from the distribution, or uv."""

Name = Annotated[
    str, spelled(r"^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, `_` and `-`, no `-` first")
]
Host = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$", "a host, like `hub.example.com:5000`"),
]


class Authority(Settings):
    """The certificates of an authority, from a file or as text: `source` or `content`."""

    source: Annotated[LocalBytes, AfterValidator(x509.authorities)] | None = None
    """A file with one certificate or several, PEM or DER; relative to the environment's file."""
    content: Annotated[str, AfterValidator(x509.authorities)] | None = None
    """The certificates as text, in PEM."""

    @model_validator(mode="after")
    def _one(self) -> Authority:
        exactly_one(self, "source", "content")
        return self

    @property
    def pem(self) -> str:
        """The certificates in PEM."""
        return self.source or self.content or ""


class Section(Capability):
    """The authorities whose certificates every program of the machine trusts.

    The certificates become part of the system's store (update-ca-certificates(8)), which apt, curl,
    git, wget, Go and the distribution's Python, Ruby and OpenSSL read, and Java where the package
    ca-certificates-java is installed. Environment variables lead Node.js, npm, pip and Python's
    requests there. A running Docker daemon is restarted, since it reads the store once. The first
    fetch of apt waits for the authorities, so that a mirror may have a certificate of theirs.
    """

    uncaptured: ClassVar[str] = "Files in /usr/local/share/ca-certificates are captured as `files`."
    example: ClassVar[str] = """\
certificates:
  authorities:
    example-root:
      content: |
        -----BEGIN CERTIFICATE-----
        MIIBdTCCARqgAwIBAgIUGy4d+LQKTdxf3+Ali7abwLKDZSEwCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMRXhhbXBsZSBSb290MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAw
        MTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxFeGFtcGxlIFJvb3QwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAQ72RAzyGuM1L4n/2uKQwUHmU5U/v72F3Cgx9Srvxjh6H6m
        81XIKJM/wCeYnlqBjbRR3WlOkrEqA+2oaQuXuAJJo0IwQDAPBgNVHRMBAf8EBTAD
        AQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUVvngAHwLpVbOnqC0z8kagNXx
        zwAwCgYIKoZIzj0EAwIDSQAwRgIhANEUe1I5IvIZCUhZEBMMuVFC9gZHFVfHOc4C
        dM9nOV8eAiEAhDx9r4h9GwTT5/odMOk2yYesn2JLSNvWKOIzedFdiqM=
        -----END CERTIFICATE-----
  registries: ["registry.example.com:5000"]
"""

    authorities: dict[Name, Authority] = Field(min_length=1)
    """The authorities, by the name that their files get."""
    registries: Adding[Host] = []
    """Registries for which Docker trusts the authorities (/etc/docker/certs.d), each with its port
    as in the names of images. A daemon that has read the system's store needs none of this."""
    servers: Adding[Host] = []
    """Servers with certificates of the authorities: `verify` connects to each of them by TLS with
    OpenSSL, and with curl, Python and Node.js where these are installed."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        yield Package(package="ca-certificates")
        files = self._files()
        for path, (pem, at) in files.items():
            # The package trusts what lies there when it is installed.
            yield File(path=path, content=pem, at=at)
        yield _trusted(tuple(files))
        for index, host in enumerate(self.registries):
            folder, at = f"/etc/docker/certs.d/{host}", ("registries", index)
            yield Directory(path="/etc/docker/certs.d", at=at)
            yield Directory(path=folder, at=at)
            content = "".join(authority.pem for authority in self.authorities.values())
            yield File(path=f"{folder}/ca.crt", content=content, at=at)
        yield from VARIABLES.resources()
        yield Service(
            unit="docker.service",
            running=None,
            enabled=None,
            optional=True,
            reads=tuple(files),
            needs=(TRUSTED,),
        )

    def _files(self) -> dict[str, tuple[str, tuple[str | int, ...]]]:
        """Return each certificate with its place in the section, by the path of its file.

        OpenSSL finds only the first certificate of a file in a folder (openssl-rehash(1)).
        """
        return {
            f"{FOLDER}/{name}{f'-{number}' if number > 1 else ''}.crt": (pem, ("authorities", name))
            for name, authority in self.authorities.items()
            for number, pem in enumerate(x509.single(authority.pem), start=1)
        }

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        for pem, at in self._files().values():
            subject, begins, ends = x509.validity(pem)
            yield Requirement(
                f"the certificate of {subject} has not expired",
                f"[ $(date +%s) -lt {ends} ]",
                f"the certificate of {subject} expired on {_day(ends)}",
                "ask the authority for its new certificate; where that day is still to come, the "
                "machine's clock is wrong",
                at=at,
            )
            yield Requirement(
                f"the certificate of {subject} is valid already",
                f"[ $(date +%s) -ge {begins} ]",
                f"the certificate of {subject} is valid from {_day(begins)} on, and the machine's "
                "clock is not there yet",
                "set the machine's clock",
                at=at,
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from VARIABLES.proofs()
        yield Proof(
            "Java trusts the authorities",
            render("certificates.java.sh", files=_quoted(self._files())),
            remedy="install ca-certificates-java, or give that Java the certificates by keytool(1)",
        )
        variables = " ".join(f"{name}={value}" for name, value in VARIABLES.values.items())
        for index, host in enumerate(self.servers):
            server = host if ":" in host else f"{host}:443"
            yield Proof(
                f"programs trust {host}",
                render("certificates.server.sh", server=shlex.quote(server), variables=variables),
                at=("servers", index),
                remedy="the authority that signs the server's certificate must be among "
                "`authorities`, and the server must send the certificates between the two",
            )


def _trusted(files: tuple[str, ...]) -> Command:
    """Return the command that has the system's store take up some files."""
    return Command(
        title="certificates",
        observe=render("certificates.trusted.sh", files=_quoted(files), bundle=BUNDLE),
        expected="trusted",
        # The first rehashes nothing where it has nothing to add; the second fails for any link in
        # the folder that leads nowhere (openssl/openssl#6475).
        run="update-ca-certificates && { openssl rehash /etc/ssl/certs || :; }",
        seen=tuple(Assertion("run", (_seen(file),), "rc", 0) for file in files),
        after=("package:ca-certificates",),
        undone_by=tuple(f"file:{file}" for file in files),
        before_apt=True,
        at=("authorities",),
    )


def _seen(file: str) -> str:
    """Return a script that looks for a certificate in the bundle's text and by its hash."""
    quoted, store = shlex.quote(file), "-no-CAfile -CApath /etc/ssl/certs"
    text = f"tr -d '\\n' <{BUNDLE} | grep -qF -e \"$(tr -d '\\n' <{quoted})\""
    return f"{text} && openssl verify -no_check_time -partial_chain {store} {quoted}"


def _quoted(files: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, files))


def _day(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%Y-%m-%d")
