"""OpenPGP keys: their fingerprints, which of them are trusted, and everything that is no key."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from envwright.portable.openpgp import OpenPGPError, WrongKeyError, fingerprints, trusted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Made by gpg 2.2 for this test; nobody holds the secret keys.
ONE = b"""-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawFlTxYJKwYBBAHaRw8BAQdA9yI9RjM9SsYSFAMP84V/wuWwLzz4rFsA+DTr
162rSfy0EmVudndyaWdodCB0ZXN0IG9uZYiQBBMWCAA4FiEE6BlJgW+7QR38ojoj
gSCr+wkX0cAFAmsBZU8CGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQgSCr
+wkX0cCj0wD/YNyzci5TOzvzhd2xox+llpngQ63ypJ2fKGJygAdIzjYBALM+xFMg
1N2I0fXDQDMAoRfXRYNlVH8+xbZSsLTFggoE
=+imS
-----END PGP PUBLIC KEY BLOCK-----
"""
TWO = b"""-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawFlTxYJKwYBBAHaRw8BAQdAGu+7YwF3+BQ1i39F6KcTNP36h4yjHDs7BBtN
aoX6dkO0EmVudndyaWdodCB0ZXN0IHR3b4iQBBMWCAA4FiEESkItvwWLVgkxSseP
JG3r79j7pmkFAmsBZU8CGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQJG3r
79j7pmnU/AEAiUzU4jZdpDyPpVgGr8UjEXidyaIZnmjBPHZiPTAMuoEBAMs/Jagu
fijXMbPSWlu5hlEaP7VbEEl4HoAJIsv7sc4G
=CGTx
-----END PGP PUBLIC KEY BLOCK-----
"""
ONE_FINGERPRINT = "E81949816FBB411DFCA23A238120ABFB0917D1C0"
TWO_FINGERPRINT = "4A422DBF058B5609314AC78F246DEBEFD8FBA669"

# The public key packet of the sample certificate of RFC 9580, appendix A.3, and the fingerprint
# that its own self-signature names.
SIX = base64.b64decode("xioGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laM=")
SIX_FINGERPRINT = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"


def binary(armored: bytes) -> bytes:
    body = armored.split(b"\n\n")[1].split(b"\n=")[0]
    return base64.b64decode(body)


def refusal(data: bytes) -> str:
    with pytest.raises(OpenPGPError) as caught:
        fingerprints(data)
    return str(caught.value)


def test_an_armored_key_has_its_fingerprint() -> None:
    assert fingerprints(ONE) == (ONE_FINGERPRINT,)


def test_a_binary_key_has_its_fingerprint() -> None:
    assert fingerprints(binary(ONE)) == (ONE_FINGERPRINT,)


def test_a_version_6_key_has_its_sha256_fingerprint() -> None:
    assert fingerprints(SIX) == (SIX_FINGERPRINT,)


def test_several_keys_are_named_in_file_order_and_each_once() -> None:
    both = (TWO_FINGERPRINT, ONE_FINGERPRINT)
    assert fingerprints(binary(TWO) + binary(ONE) + binary(TWO)) == both
    assert fingerprints(TWO + b"and a line of text\n" + ONE) == both
    together = base64.encodebytes(binary(TWO) + binary(ONE))
    armored = ONE.split(b"\n\n")[0] + b"\n\n" + together + b"-----END PGP PUBLIC KEY BLOCK-----"
    assert fingerprints(armored) == both


def test_armor_may_have_headers_crlf_blanks_at_line_ends_and_no_checksum() -> None:
    headed = ONE.replace(b"-----\n\n", b"-----\nVersion: GnuPG v2\nComment: a b\n\n", 1)
    assert fingerprints(headed) == (ONE_FINGERPRINT,)
    assert fingerprints(ONE.replace(b"\n", b" \r\n")) == (ONE_FINGERPRINT,)
    assert fingerprints(ONE.replace(b"=+imS\n", b"")) == (ONE_FINGERPRINT,)
    assert fingerprints(b"my key:\n\n" + ONE.rstrip()) == (ONE_FINGERPRINT,)


def key_packet(length_of: str, body: bytes) -> bytes:
    size = len(body)
    headers = {
        "old, one octet": bytes([0x98, size]),
        "old, two octets": b"\x99" + size.to_bytes(2, "big"),
        "old, four octets": b"\x9a" + size.to_bytes(4, "big"),
        "new, one octet": bytes([0xC6, size]),
        "new, five octets": b"\xc6\xff" + size.to_bytes(4, "big"),
    }
    return headers[length_of] + body


@pytest.mark.parametrize(
    "length_of",
    [
        "old, one octet",
        "old, two octets",
        "old, four octets",
        "new, one octet",
        "new, five octets",
    ],
)
def test_every_form_of_a_packet_s_length_is_read(length_of: str) -> None:
    body = binary(ONE)[2 : 2 + 0x33]
    assert fingerprints(key_packet(length_of, body)) == (ONE_FINGERPRINT,)


def test_a_length_of_two_octets_in_the_new_format_is_read() -> None:
    body = b"\x04\0\0\0\0\x16" + b"k" * 300
    expected = hashlib.sha1(b"\x99\x01\x32" + body).hexdigest().upper()
    assert fingerprints(b"\xc6\xc0\x72" + body) == (expected,)


def test_packets_of_an_unknown_uncritical_type_are_passed_over() -> None:
    assert fingerprints(binary(ONE) + b"\xfc\x03abc") == (ONE_FINGERPRINT,)


@pytest.mark.parametrize("data", [b"", b" \r\n"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data) == "this is empty, not a key"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><title>404</title>",
        b"\n  <html>" + ONE,
        b"\xef\xbb\xbf<html></html>",
        b"<?xml version='1.0'?>",
    ],
)
def test_an_html_page_is_refused_even_with_a_key_in_it(data: bytes) -> None:
    assert refusal(data) == "this is HTML, not a key"


@pytest.mark.parametrize("data", [b"404: Not Found", b"{}", ONE.decode().encode("utf-16")])
def test_anything_else_is_refused(data: bytes) -> None:
    assert refusal(data) == "this is no OpenPGP data, neither binary nor armored"


def test_a_secret_key_is_refused_armored_and_binary() -> None:
    reason = "this is a secret key: only public keys are taken"
    armored = ONE.replace(b"PUBLIC", b"PRIVATE")
    assert refusal(armored) == reason
    assert refusal(ONE + armored) == reason
    assert refusal(b"\x94" + binary(ONE)[1:]) == reason
    assert refusal(binary(ONE) + b"\xc7\x01\x04") == (
        "this is a secret subkey: only public keys are taken"
    )


def test_a_message_or_a_signature_is_refused() -> None:
    assert refusal(ONE.replace(b"PUBLIC KEY BLOCK", b"SIGNATURE")) == (
        "this is an OpenPGP signature, not a key"
    )
    assert refusal(b"\xc2\x01\x04") == "this is no key: it starts with a packet of type 2"
    assert refusal(b"\xcb\x01\x04") == "this is no key: a packet of type 11 has no place in one"
    assert refusal(b"\xca\x03PGP") == "this holds no public key"


@pytest.mark.parametrize("end", [-1, -40, 60])
def test_a_binary_key_that_is_cut_off_is_refused(end: int) -> None:
    assert refusal(binary(ONE)[:end]) == "the key is cut off"


@pytest.mark.parametrize("end", [b"=+imS", b"-----END", b"mDME", b"1N2I0"])
def test_an_armored_key_that_is_cut_off_is_refused(end: bytes) -> None:
    reason = "the armor of the key is damaged or cut off"
    assert refusal(ONE[: ONE.index(end)]) == reason
    assert refusal(TWO + ONE[: ONE.index(end)]) == reason


def test_a_block_that_is_written_in_an_unknown_way_is_not_passed_over() -> None:
    odd = ONE.replace(b"BLOCK-----\n", b"BLOCK----- x\n", 1)
    assert refusal(TWO + odd) == "the armor of the key is damaged or cut off"


def test_a_checksum_that_differs_is_refused() -> None:
    assert refusal(ONE.replace(b"=+imS", b"=+imT")) == "the key is damaged: its checksum differs"
    assert refusal(ONE.replace(b"mDMEawFl", b"mDMEawFm")) == (
        "the key is damaged: its checksum differs"
    )


def test_base64_that_is_damaged_is_refused() -> None:
    reason = "the armor of the key is damaged"
    assert refusal(ONE.replace(b"mDMEawFl", b"mDME?wFl")) == f"{reason} or cut off"
    assert refusal(ONE.replace(b"mDMEawFl", b"mDMEawF")).startswith(f"{reason}: ")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            b"\x98\x33" + b"\x03" + b"x" * 50,
            "a key of version 3 is not supported, only 4 and 6 are",
        ),
        (
            b"\x98\x33" + b"\x05" + b"x" * 50,
            "a key of version 5 is not supported, only 4 and 6 are",
        ),
        (b"\x98\x00", "a key of version 0 is not supported, only 4 and 6 are"),
        (b"\x98\x02\x04x", "the key is damaged: it is 2 octets long"),
        (
            b"\x9a\x00\x01\x00\x00\x04" + b"x" * 0xFFFF,
            "the key is damaged: it is 65536 octets long",
        ),
        (b"\xc6\xe1\x04x\x00", "a packet of partial lengths has no place in a key"),
        (b"\x9b\x04xxxxxxxx", "a packet of indeterminate length has no place in a key"),
        (b"\x98", "the key is cut off"),
        (b"\xc6\xff\x00", "the key is cut off"),
    ],
)
def test_a_malformed_packet_is_refused(data: bytes, reason: str) -> None:
    assert refusal(data) == reason


def test_what_follows_a_key_must_be_packets() -> None:
    assert refusal(binary(ONE) + b"\n") == (
        f"the key is damaged: no packet starts at octet {len(binary(ONE))}"
    )


# --- Which keys are trusted, and how they are kept --------------------------------------------


def test_the_key_that_was_named_is_kept_as_it_is_when_it_is_armored() -> None:
    headed = b"my key:\n\n" + ONE
    assert trusted(headed, [ONE_FINGERPRINT]) == headed


def test_a_binary_key_is_kept_armored() -> None:
    assert trusted(binary(ONE), [ONE_FINGERPRINT]) == ONE
    both = binary(TWO) + binary(ONE)
    kept = trusted(both, [TWO_FINGERPRINT, ONE_FINGERPRINT])
    assert base64.b64decode(b"".join(kept.split(b"\n")[2:-3])) == both


def test_a_key_of_version_6_is_armored_without_the_checksum_that_is_forbidden_there() -> None:
    lines = base64.b64encode(SIX)
    begin, end = (b"-----%s PGP PUBLIC KEY BLOCK-----" % word for word in (b"BEGIN", b"END"))
    assert trusted(SIX, [SIX_FINGERPRINT]) == b"\n".join([begin, b"", lines, end, b""])


@pytest.mark.parametrize(
    ("data", "wanted", "told"),
    [
        (ONE, (TWO_FINGERPRINT,), f"{ONE_FINGERPRINT}, not {TWO_FINGERPRINT}"),
        (binary(ONE), (TWO_FINGERPRINT,), f"{ONE_FINGERPRINT}, not {TWO_FINGERPRINT}"),
        (
            ONE + TWO,
            (ONE_FINGERPRINT,),
            f"{ONE_FINGERPRINT} and {TWO_FINGERPRINT}, not {ONE_FINGERPRINT}",
        ),
        (
            ONE,
            (TWO_FINGERPRINT, ONE_FINGERPRINT),
            f"{ONE_FINGERPRINT}, not {TWO_FINGERPRINT} and {ONE_FINGERPRINT}",
        ),
    ],
)
def test_other_keys_than_those_that_were_named_are_refused(
    data: bytes, wanted: tuple[str, ...], told: str
) -> None:
    with pytest.raises(WrongKeyError) as caught:
        trusted(data, wanted)
    assert str(caught.value) == f"has the fingerprint {told}"


@pytest.mark.parametrize("data", [ONE, ONE + TWO, TWO + ONE])
def test_a_key_that_may_be_there_is_trusted_beside_the_one_that_must(data: bytes) -> None:
    assert trusted(data, [ONE_FINGERPRINT, TWO_FINGERPRINT]) == data


def test_what_is_no_key_is_trusted_for_nothing() -> None:
    with pytest.raises(OpenPGPError) as caught:
        trusted(b"<html>", [ONE_FINGERPRINT])
    assert (type(caught.value), str(caught.value)) == (OpenPGPError, "this is HTML, not a key")


# --- What gpg says ----------------------------------------------------------------------------


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    if shutil.which("gpg") is None:
        pytest.skip("no gpg here")
    home: Path = tmp_path_factory.mktemp("g")  # an agent's socket path must be short
    home.chmod(0o700)
    yield ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def output(command: list[str], data: bytes = b"") -> bytes:
    return subprocess.run(command, check=True, capture_output=True, input=data).stdout


def test_gpg_names_the_same_fingerprints(gpg: list[str]) -> None:
    new = [*gpg, "--passphrase", "", "--pinentry-mode", "loopback", "--quick-gen-key"]
    output([*new, "first@example.org", "rsa2048", "cert", "never"])
    output([*new, "second@example.org", "future-default", "default", "never"])
    output([*gpg, "--import"], ONE)
    listing = output([*gpg, "--with-colons", "--list-keys"]).decode().splitlines()
    expected = tuple(
        following.split(":")[9] for line, following in pairwise(listing) if line.startswith("pub:")
    )
    assert len(expected) == 3
    assert fingerprints(output([*gpg, "--export"])) == expected
    assert fingerprints(output([*gpg, "--armor", "--export"])) == expected
    assert refusal(output([*gpg, "--passphrase", "", "--export-secret-keys"])) == (
        "this is a secret key: only public keys are taken"
    )


def test_gpg_reads_a_key_that_was_armored_here(gpg: list[str]) -> None:
    shown = output([*gpg, "--with-colons", "--show-keys"], trusted(binary(ONE), [ONE_FINGERPRINT]))
    found = [line.split(":")[9] for line in shown.decode().splitlines() if line.startswith("fpr:")]
    assert found == [ONE_FINGERPRINT]
