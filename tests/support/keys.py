"""An OpenPGP key for tests, armored and binary; nobody holds its secret part."""

from __future__ import annotations

import base64

FINGERPRINT = "E81949816FBB411DFCA23A238120ABFB0917D1C0"
ARMORED = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawFlTxYJKwYBBAHaRw8BAQdA9yI9RjM9SsYSFAMP84V/wuWwLzz4rFsA+DTr
162rSfy0EmVudndyaWdodCB0ZXN0IG9uZYiQBBMWCAA4FiEE6BlJgW+7QR38ojoj
gSCr+wkX0cAFAmsBZU8CGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQgSCr
+wkX0cCj0wD/YNyzci5TOzvzhd2xox+llpngQ63ypJ2fKGJygAdIzjYBALM+xFMg
1N2I0fXDQDMAoRfXRYNlVH8+xbZSsLTFggoE
=+imS
-----END PGP PUBLIC KEY BLOCK-----
"""
BINARY = base64.b64decode("".join(ARMORED.split("\n")[2:-3]))
