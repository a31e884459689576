"""Microsoft's apt source with a stand-in of VS Code, whose command line keeps extensions alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from machines import debfiles

if TYPE_CHECKING:
    from machines.server import Server

CODE = r"""#!/bin/sh
# A stand-in of VS Code: it keeps the list of extensions as VS Code does.
folder=$HOME/.vscode/extensions
mkdir -p "$folder" && touch "$folder/names" || exit 1
case $1 in
--list-extensions) cut -d ' ' -f 1 "$folder/names" ;;
--install-extension)
    version=${2#*@}
    [ "$version" != "$2" ] || version=1.0.0
    grep -v "^${2%@*} " "$folder/names" >"$folder/new"
    echo "${2%@*} $version" >>"$folder/new"
    mv "$folder/new" "$folder/names"
    awk 'BEGIN { printf "[" }
        NR > 1 { printf "," }
        { printf "{\"identifier\":{\"id\":\"%s\"},\"version\":\"%s\"}", $1, $2 }
        END { print "]" }' "$folder/names" >"$folder/extensions.json"
    ;;
*) exit 1 ;;
esac
"""


def publish(server: Server) -> str:
    """Serve the source; return its line for apt."""
    files = {"code": {"usr/bin/code": (CODE.encode(), 0o755)}}
    return debfiles.publish_source(server, {"code": ("1.106.0",)}, files)
