"""The script by which a machine downloads a file: apt-helper, which every Debian has.

Standard library only, since an exported deploy has a copy of this file.
"""

from __future__ import annotations

import shlex

_SCRIPT = """\
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && chmod 755 "$folder"
chown _apt "$folder" 2>/dev/null || :
/usr/lib/apt/apt-helper -o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
    -o Acquire::https::Timeout=20 download-file {url} "$folder/file" \
    >"$folder/log" 2>&1 || {{ cat "$folder/log" >&2; exit 1; }}
cat "$folder/file"
"""


def download_script(url: str) -> str:
    """Return a script for sh that prints the file at a URL, or fails with apt's error on stderr.

    apt-helper(1) uses the machine's own proxy and certificates. It works as the user _apt where
    it can, so that user must be able to write into the folder.
    """
    return _SCRIPT.format(url=shlex.quote(url))
