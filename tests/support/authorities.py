"""Certificates for tests, made as a company's authority makes them, and as it should not."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

BEGINS, ENDS = dt.datetime(2020, 1, 1), dt.datetime(2120, 1, 1)  # noqa: DTZ001 - taken for UTC


def certificate(
    name: str,
    *,
    authority: bool | None = True,
    signs: bool | None = None,
    bits: int = 0,
    times: tuple[dt.datetime, dt.datetime] = (BEGINS, ENDS),
) -> x509.Certificate:
    """Make a certificate that is its own authority.

    Args:
        name: its common name.
        authority: whether it says that it is an authority's; None: it does not say.
        signs: whether its key may sign others; None: it does not say.
        bits: the length of an RSA key; 0: a key of an elliptic curve.
        times: when it is valid.
    """
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, *times)
    if authority is not None:
        made = made.add_extension(x509.BasicConstraints(authority, None), critical=True)
    if signs is not None:
        usage = x509.KeyUsage(
            not signs, False, False, False, False, signs, False, False, False
        )  # digital_signature is first, key_cert_sign sixth
        made = made.add_extension(usage, critical=True)
    return made.sign(key, hashes.SHA256())


def pem(made: x509.Certificate) -> str:
    """Return a certificate in PEM."""
    return made.public_bytes(Encoding.PEM).decode()


def der(made: x509.Certificate) -> bytes:
    """Return a certificate in DER."""
    return made.public_bytes(Encoding.DER)
