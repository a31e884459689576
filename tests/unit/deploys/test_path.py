"""path: folders of programs, in every login shell and for users' services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

if TYPE_CHECKING:
    from pathlib import Path

ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
HEADER = "# Written by envwright: change the environment, not this file.\n"
PROFILE = """\
for folder in '/opt/tools/bin' "$HOME"'/.local/bin'; do
    rest=${PATH:+:$PATH}:
    case ${rest%%:/usr/bin:*}: in *:"$folder":*) continue ;; esac
    while :; do
        case $rest in
        *:"$folder":*) rest=${rest%%:"$folder":*}:${rest#*:"$folder":} ;;
        *) break ;;
        esac
    done
    PATH=$folder${rest%:}
done
unset folder rest
export PATH
"""
FISH = """\
if status is-login
    for folder in '/opt/tools/bin' "$HOME"'/.local/bin'
        set -l before
        for other in $PATH
            test "$other" = /usr/bin; and break
            set -a before $other
        end
        contains -- $folder $before; and continue
        set -l rest
        for other in $PATH
            test "$other" = "$folder"; or set -a rest $other
        end
        set -gx PATH $folder $rest
    end
end
"""
USERS = 'PATH="${HOME}/.local/bin:/opt/tools/bin:${PATH:-/usr/local/bin:/usr/bin:/bin}"\n'


def test_a_list_is_short_for_folders_that_come_first(tmp_path: Path) -> None:
    wanted = {
        "file:/etc/profile.d/62-envwright-path.sh": {**ROOT, "content": f"{HEADER}{PROFILE}"},
        "file:/etc/fish/conf.d/62-envwright-path.fish": {**ROOT, "content": f"{HEADER}{FISH}"},
        "file:/etc/environment.d/99-path-62-envwright-path.conf": {
            **ROOT,
            "content": f"{HEADER}{USERS}",
        },
        "command:zsh reads /etc/profile.d/62-envwright-path.sh": {"value": "read"},
    }
    short = "path: [~/.local/bin, /opt/tools/bin]\n"
    assert states(tmp_path, short) == wanted
    assert states(tmp_path, "path: {prepend: [~/.local/bin, /opt/tools/bin]}\n") == wanted
    assert ill_written(compile_section(tmp_path, short)) == []


def test_no_folders_are_no_files(tmp_path: Path) -> None:
    assert states(tmp_path, "path: []\n") == {}


SPELLED = "must be a folder that begins with `/` or `~/`, without `..`, `//` or a `/` at its end"
ONE = "must be one folder, without `:`, `$` and secrets; write `~/` for a home"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[bin]", f"2:8: path[0] {SPELLED}"),
        ("['~']", f"2:8: path[0] {SPELLED}"),
        ("[~dev/bin]", f"2:8: path[0] {SPELLED}"),
        ("[~/../bin]", f"2:8: path[0] {SPELLED}"),
        ("[/opt/bin/]", f"2:8: path[0] {SPELLED}"),
        ("['/opt/a:/opt/b']", f"2:8: path[0] {ONE}"),
        ("[$HOME/bin]", f"2:8: path[0] {SPELLED}"),
        ("{append: [/opt/$HOME]}", f"2:17: path.append[0] {ONE}"),
        (
            "{prepend: [/a], append: [/a]}",
            "2:7: path has /a in 'prepend' and in 'append'",
        ),
    ],
)
def test_what_is_no_folder_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"path: {section}\n") == [told]
