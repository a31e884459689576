"""Certificates of authorities, read from whatever file a company hands out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509 import Certificate

RSA_BITS = 2048
"""The least that OpenSSL takes at the security level of Debian and Ubuntu (level 2)."""
_MARK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_INSTEAD = {
    b"PKCS7": "write them out: openssl pkcs7 -print_certs -in FILE -out NEW.pem",
    b"TRUSTED CERTIFICATE": "write it without trust settings: openssl x509 -in FILE -out NEW.pem",
    b"CERTIFICATE REQUEST": "ask the authority for its certificate",
}
"""What to do with a text in PEM that holds something else."""


class Validity(NamedTuple):
    """The time in which a certificate is valid: whose it is, and when in seconds since 1970."""

    subject: str
    begins: int
    ends: int


def authorities(data: str) -> str:
    """Return the certificates in a file, PEM or DER, as PEM alone: no comments, each once.

    Surrogates in the text stand for bytes that are not UTF-8.

    Raises:
        ValueError: there is none, one cannot sign others, or a secret lies beside them.
    """
    found = list(dict.fromkeys(_read(data.encode("utf-8", "surrogateescape"))))
    for certificate in found:
        if fault := _fault(certificate):
            raise ValueError(
                f"must hold certificates of authorities alone: {name(certificate)} {fault}"
            )
    return "".join(map(_pem, found))


def single(pem: str) -> list[str]:
    """Return the certificates of a text that `authorities` returned, each as a text of its own."""
    return re.findall(r"-----BEGIN.*?-----END [A-Z]+-----\n", pem, re.DOTALL)


def validity(pem: str) -> Validity:
    """Return when a certificate is valid."""
    certificate = next(_read(pem.encode()))
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Validity(name(certificate), int(begins.timestamp()), int(ends.timestamp()))


def name(certificate: Certificate) -> str:
    """Return whose certificate it is, as RFC 4514 writes names."""
    return certificate.subject.rfc4514_string() or "a certificate without a subject"


def _read(data: bytes) -> Iterator[Certificate]:
    from cryptography import x509  # noqa: PLC0415 - 30 ms that other environments spare

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # PowerShell writes texts so
        data = data.decode("utf-16", "replace").encode()
    kinds = set(_MARK.findall(data))
    if any(kind.endswith(b"PRIVATE KEY") for kind in kinds):
        raise ValueError(
            "must not hold a private key, which belongs to the authority alone: take the key out, "
            "and tell the authority who could read it"
        )
    if instead := next((_INSTEAD[kind] for kind in sorted(kinds) if kind in _INSTEAD), ""):
        raise ValueError(f"must hold certificates in PEM or DER; {instead}")
    try:
        if kinds:
            yield from x509.load_pem_x509_certificates(data)
        else:
            yield x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise ValueError("must hold a certificate in PEM or DER") from error


def _fault(certificate: Certificate) -> str:
    """Return why programs would not take a certificate for an authority's; "" if they do."""
    from cryptography import x509  # noqa: PLC0415 - see _read
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

    try:
        parts = {part.oid: part.value for part in certificate.extensions}
        key = certificate.public_key()
    except ValueError:
        return "has parts that cannot be read"
    basic, usage = (parts.get(kind.oid) for kind in (x509.BasicConstraints, x509.KeyUsage))
    # The first version of certificates had no extensions, and old roots are such.
    first = certificate.version is x509.Version.v1 and certificate.issuer == certificate.subject
    if not (basic.ca if isinstance(basic, x509.BasicConstraints) else first):
        return "is a single server's or a person's (CA:FALSE)"
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return "may not sign others (no keyCertSign)"
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS:
        return f"has a key of {key.key_size} bits, and OpenSSL takes no less than {RSA_BITS}"
    return ""


def _pem(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - see _read

    return certificate.public_bytes(Encoding.PEM).decode()
