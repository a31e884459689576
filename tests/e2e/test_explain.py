"""explain --host: where a value is from, who locked it, and what the machine says of it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import Said, envwright

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

BASE = """\
name: base
secrets: {token: {env: TOKEN}}
files:
  /etc/motd: {content: "hello\\n"}
  /etc/token: {content: "{{ secret.token }}\\n", mode: "0600"}
policy: {locked: {files./etc/motd: {reason: the greeting is agreed}}}
"""
TEAM = """\
name: team
extends: base.yaml
files: {/etc/other: {when: container, content: "o\\n"}}
"""


def explained(machine: Machine, folder: Path, key: str) -> Said:
    words = ("explain", "team.yaml", key, "--host", machine.host)
    said = envwright(*words, cwd=folder, TOKEN="s3cr3t-token")
    return Said(said.code, said.out.replace(machine.host, "HOST"), said.err)


def test_a_value_is_told_with_its_lock_and_with_what_the_machine_has(
    debian13: Machine, tmp_path: Path
) -> None:
    (tmp_path / "base.yaml").write_text(BASE, "utf-8")
    (tmp_path / "team.yaml").write_text(TEAM, "utf-8")
    debian13.put("/etc/motd", "old\n")
    origin = (
        'files./etc/motd.content = "hello\\n"\n'
        "    base.yaml:4\n"
        "    locked by base.yaml:6: the greeting is agreed\n"
    )
    assert explained(debian13, tmp_path, "files./etc/motd") == Said(
        0,
        f"{origin}\non HOST:\n"
        "  ~ file:/etc/motd  files (base.yaml:4)\n"
        "      @@ -1 +1 @@\n"
        "      -old\n"
        "      +hello\n",
        "",
    )
    debian13.put("/etc/motd", "hello\n")
    assert explained(debian13, tmp_path, "files./etc/motd") == Said(
        0, f"{origin}\non HOST:\n  ok  file:/etc/motd\n", ""
    )
    debian13.put("/etc/token", "another-token\n")
    said = explained(debian13, tmp_path, "files./etc/token")
    assert ("s3cr3t-token" in said.out, "another-token" in said.out) == (False, False)
    assert "  ~ file:/etc/token  files (base.yaml:5)\n" in said.out
