"""The script by which a machine downloads a file: apt-helper, which every Debian has.

Standard library only, since an exported deploy has a copy of this file.
"""

from __future__ import annotations

import shlex

FETCH = r"""fetch() {
chmod 755 "$2" && { chown _apt "$2" 2>/dev/null || :; } &&
/usr/lib/apt/apt-helper -o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
    -o Acquire::https::Timeout=20 download-file "$1" "$2/$3" >"$2/log" 2>&1
}
"""
"""A function of sh: `fetch URL FOLDER NAME` downloads into a folder of root's, and says why not in
the file `log` there. apt-helper(1) uses the machine's own proxy and certificates. It works as the
user _apt where it can, so the folder becomes that user's."""

_SCRIPT = """\
{fetch}folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
fetch {url} "$folder" file || {{ cat "$folder/log" >&2; exit 1; }}
cat "$folder/file"
"""


def download_script(url: str) -> str:
    """Return a script for sh that prints the file at a URL, or fails with apt's error on stderr."""
    return _SCRIPT.format(fetch=FETCH, url=shlex.quote(url))
