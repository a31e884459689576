"""Downloads the file of a layer from a web server, by https alone and within limits."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from envwright import __version__
from envwright.errors import RefusedError, StepError
from envwright.spec.source import SIZE_LIMIT

if TYPE_CHECKING:
    from envwright.spec.addresses import WebAddress

SECONDS = 60
"""How long a download may take."""
SILENCE = 20
"""How long a server may be silent."""
REDIRECTS = 5
_CHUNK = 1 << 16


class _RedirectedError(Exception):
    """A redirection that is not followed."""


class _Redirections(urllib.request.HTTPRedirectHandler):
    """Follows a server to other addresses of https, but not for ever."""

    max_redirections = REDIRECTS

    def redirect_request(  # noqa: PLR0913, PLR0917 - the signature of urllib
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.startswith("https://"):
            raise _RedirectedError(newurl.partition(":")[0])
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(address: WebAddress, wanted: str = "") -> bytes:
    """Return the file at an address.

    Args:
        address: the address.
        wanted: its SHA-256; "" for any.

    Raises:
        StepError: it cannot be downloaded.
        RefusedError: it is another file than that, is too large, or would come without https.
    """
    try:
        data = _read(address.url)
    except _RedirectedError as error:
        raise RefusedError(
            f"{address} leads on to an address of {error}, which is not protected on its way",
            hint="name the address of https where the file is",
        ) from None
    except urllib.error.HTTPError as error:
        with error:
            raise StepError(
                f"{address}: the server answers {error.code} {error.reason}",
                hint="open the address in a browser: the file may have moved, or take a login; for "
                "a file that takes one, use git+https or git+ssh",
            ) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreached(address, error) from None
    digest = hashlib.sha256(data).hexdigest()
    if wanted and digest != wanted:
        raise RefusedError(
            f"{address} is another file than it was: its SHA-256 is {digest}, not {wanted}",
            hint="look at what changed; if you want the new file, name its SHA-256, or run "
            "`envwright lock --upgrade` where the lock has it",
        )
    return data


def _read(url: str) -> bytes:
    opener = urllib.request.build_opener(_Redirections)
    request = urllib.request.Request(url, headers={"User-Agent": f"envwright/{__version__}"})  # noqa: S310 - the grammar takes https alone
    deadline = time.monotonic() + SECONDS
    data = b""
    with opener.open(request, timeout=SILENCE) as answer:
        while chunk := answer.read1(_CHUNK):
            data += chunk
            if len(data) > SIZE_LIMIT:
                raise RefusedError(
                    f"{url} has more than {SIZE_LIMIT >> 20} MiB",
                    hint="an environment is smaller: is this the address of one?",
                )
            if time.monotonic() > deadline:
                raise TimeoutError
        expected = answer.headers.get("Content-Length")
    if expected is not None and expected.isdecimal() and len(data) < int(expected):
        raise http.client.IncompleteRead(data, int(expected) - len(data))
    return data


def _unreached(address: WebAddress, error: Exception) -> StepError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    hint = "is this computer on the network? does it take a proxy (https_proxy)?"
    if isinstance(reason, ssl.SSLCertVerificationError):
        what = f"the certificate is not trusted here: {reason.verify_message}"
        hint = (
            "add the authority of the server or proxy to this computer, or name its file by "
            "SSL_CERT_FILE"
        )
    elif isinstance(reason, TimeoutError):
        what = f"the server takes longer than {SECONDS} s, or is silent for {SILENCE} s"
    elif isinstance(reason, http.client.IncompleteRead):
        what = "the connection broke off in the middle of the file"
    else:
        what = getattr(reason, "strerror", None) or str(reason)
    return StepError(f"{address}: {what}", hint=hint)
