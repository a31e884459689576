"""files: files, directories and links by path."""

from __future__ import annotations

import grp
import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, refusals, states
from standins import DEBIAN, UBUNTU, WSL
from user_folders import entered_by_others

from envwright.facts import Accounts
from envwright.model.resource import FileKey
from envwright.portable.listing import listing
from envwright.resources.keys import Keys
from envwright.resources.link import Link

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
files:
  /etc/motd: {content: "Ask the platform team first.\\n"}
  /etc/tool.conf: {source: tool.conf, mode: "0600", group: adm}
  /etc/issue: {template: issue.txt}
  /home/dev/projects: {link: /opt/projects, owner: dev}
  /opt/projects: {directory: true, owner: dev, mode: "0750"}
  /opt/plain: {directory: true}
  /opt/empty: {content: ""}
  /etc/old: {absent: true}
"""
ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}


def concurrent(folder: Path) -> None:
    (folder / "tool.conf").write_text("as {{ it }} is\n")
    (folder / "issue.txt").write_text("{{ distro }} {{ codename }}\n")


@pytest.mark.parametrize(
    ("machine", "issue"),
    [(DEBIAN, "debian trixie"), (UBUNTU, "ubuntu noble"), (WSL, "ubuntu noble")],
)
def test_each_path_is_what_its_keys_say(tmp_path: Path, machine: Machine, issue: str) -> None:
    concurrent(tmp_path)
    assert states(tmp_path, SECTION, machine) == {
        "directory:/opt/projects": {
            "kind": "directory",
            "mode": "0750",
            "owner": "dev",
            "group": "dev",
        },
        "directory:/opt/plain": {**ROOT, "kind": "directory", "mode": "0755"},
        "file:/etc/motd": {**ROOT, "content": "Ask the platform team first.\n"},
        "file:/etc/tool.conf": {
            **ROOT,
            "mode": "0600",
            "group": "adm",
            "content": "as {{ it }} is\n",
        },
        "file:/etc/issue": {**ROOT, "content": f"{issue}\n"},
        "link:/home/dev/projects": {
            "kind": "link",
            "target": "/opt/projects",
            "owner": "dev",
            "group": "dev",
        },
        "file:/opt/empty": {**ROOT, "content": ""},
        "file:/etc/old": None,
    }


def test_a_link_in_a_home_may_take_the_place_of_what_a_new_account_has_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.bashrc").symlink_to("/opt/bashrc")
    section = """\
files:
  /home/dev: {tree: tree}
  /home/dev/.config/tool: {link: /opt/tool}
  /home/dev/.profile: {link: /opt/profile, owner: root}
  /home/una/.profile: {link: /opt/profile}
  /opt/.profile: {link: /opt/profile, owner: dev}
  /root/.profile: {link: /opt/profile}
"""
    made = compile_section(tmp_path, section).resources
    assert {r.path: r.template for r in made if isinstance(r, Link)} == {
        "/home/dev/.bashrc": "/etc/skel/.bashrc",
        "/home/dev/.config/tool": "/etc/skel/.config/tool",
        "/home/dev/.profile": "",
        "/home/una/.profile": "/etc/skel/.profile",
        "/opt/.profile": "",
        "/root/.profile": "",
    }


def test_each_path_is_asked_for_by_its_own_line(tmp_path: Path) -> None:
    concurrent(tmp_path)
    made = compile_section(tmp_path, SECTION)
    lines = {resource.name: resource.origins[0].line for resource in made.resources}
    assert (lines["/etc/motd"], lines["/etc/old"]) == (3, 10)


def test_it_is_proved_that_owners_get_at_what_is_theirs(tmp_path: Path) -> None:
    section = (
        "files:\n"
        "  /etc/motd: {content: x}\n"
        "  /home/dev/a b: {content: x, owner: dev}\n"
        "  /home/dev/link: {link: /nowhere, owner: dev}\n"
        '  /home/dev/closed: {content: x, owner: dev, mode: "0000"}\n'
    )
    (proof,) = compile_section(tmp_path, section).proofs
    assert (proof.name, proof.quick) == ("users get at their own files", True)
    assert proof.script.endswith(" dev -r '/home/dev/a b' dev -L /home/dev/link\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look as somebody else")
def test_a_folder_that_keeps_the_owner_out_is_told(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    (shut / "file").write_text("x")
    (shut / "link").symlink_to("/nowhere")
    section = (
        f"files:\n  {shut}/file: {{content: x, owner: nobody}}\n"
        f"  {shut}/link: {{link: /nowhere, owner: nobody}}\n"
    )
    (proof,) = compile_section(tmp_path, section).proofs

    def said() -> tuple[int, list[str]]:
        argv = ["sh", "-c", proof.script]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, [line for line in done.stdout.splitlines() if "get at" in line]

    with entered_by_others(tmp_path):
        shut.chmod(0o755)
        assert said() == (0, [])
        shut.chmod(0o750)
        denied = [f"nobody does not get at {shut}/{name}" for name in ("file", "link")]
        assert said() == (1, denied)
        os.chown(shut, -1, grp.getgrnam("nogroup").gr_gid)
        assert said() == (0, [])


def test_it_is_proved_that_programs_can_be_run(tmp_path: Path) -> None:
    program, other = tmp_path / "program", tmp_path / "other"
    section = (
        f'files:\n  {program}: {{content: x, mode: "0755"}}\n  {other}: {{content: x}}\n'
        '  /opt/d: {directory: true, mode: "0755"}\n'
    )
    (proof,) = compile_section(tmp_path, section).proofs
    assert (proof.name, proof.quick) == (f"{program} can be run", True)
    for mode, code in ((0o755, 0), (0o644, 1)):
        program.write_text("x")
        program.chmod(mode)
        argv = ["sh", "-c", proof.script]
        assert subprocess.run(argv, capture_output=True, check=False).returncode == code


def test_a_file_has_the_primary_group_that_its_owner_has_on_the_machine(tmp_path: Path) -> None:
    accounts = Accounts.read("dev:x:1000:100::/home/dev:/bin/sh", "users:x:100:")
    machine = replace(DEBIAN, accounts=accounts)
    found = states(tmp_path, "files: {/srv/x: {content: x, owner: dev}}\n", machine)
    assert found["file:/srv/x"]["group"] == "users"


@pytest.mark.parametrize("name", ["team.conf", "team~"])
def test_a_file_that_its_program_passes_over_is_refused(tmp_path: Path, name: str) -> None:
    path = f"/etc/sudoers.d/{name}"
    (told,) = refusals(tmp_path, f"files: {{{path}: {{content: x}}}}\n")
    assert told.partition(": ")[2] == f"sudo reads no file of the name '{name}' in /etc/sudoers.d"
    for entry in ("{link: /x}", "{absent: true}"):
        assert states(tmp_path, f"files: {{{path}: {entry}}}\n")


EDITED = """\
secrets: {token: {env: TOKEN}}
files:
  /home/dev/.bashrc:
    blocks: {tools: "export EDITOR=vim", old: ""}
    position: start
  /etc/hosts:
    lines: {present: ["10.0.0.1 git"], absent: ["10.0.0.2 git"]}
  /etc/rules.ini: {blocks: {a: x}, mode: "0640", owner: dev}
  /home/dev/page: {blocks: {a: x}, comment: "<!-- -->"}
  /home/dev/.npmrc: {blocks: {a: "{{ secret.token }}"}}
"""


def test_parts_of_files_that_others_own_keep_what_the_environment_does_not_name(
    tmp_path: Path,
) -> None:
    found = states(tmp_path, EDITED)
    assert found == {
        "keys:/home/dev/.bashrc": {
            "kind": "file",
            FileKey("# tools"): "export EDITOR=vim\n",
            FileKey("# old"): None,
        },
        "keys:/etc/hosts": {
            "kind": "file",
            FileKey("10.0.0.1 git"): True,
            FileKey("10.0.0.2 git"): None,
        },
        "keys:/etc/rules.ini": {
            "kind": "file",
            "mode": "0640",
            "owner": "dev",
            FileKey("; a"): "x\n",
        },
        "keys:/home/dev/page": {"kind": "file", FileKey("<!-- a -->"): "x\n"},
        "keys:/home/dev/.npmrc": {
            "kind": "file",
            "mode": "0600",
            FileKey("# a"): "\u27e6secret:token\u27e7\n",
        },
    }


def test_a_new_file_is_of_whom_the_home_is(tmp_path: Path) -> None:
    made = compile_section(tmp_path, EDITED).resources
    assert {r.name: (r.owner, r.group) for r in made if isinstance(r, Keys)} == {
        "/home/dev/.bashrc": ("dev", "dev"),
        "/etc/hosts": ("root", "root"),
        "/etc/rules.ini": ("dev", "dev"),
        "/home/dev/page": ("dev", "dev"),
        "/home/dev/.npmrc": ("dev", "dev"),
    }


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/home/dev/a/b", "dev"),
        ("/data/anna", "anna"),
        ("/data/anna/x", "anna"),
        ("/data/annabel/x", "root"),
        ("/var/www/x", "root"),
        ("/home/new/x", "new"),
        ("/home/New/x", "root"),
        ("/etc/x", "root"),
    ],
)
def test_a_path_in_a_home_is_of_the_person_whose_home_it_is(
    tmp_path: Path, path: str, owner: str
) -> None:
    passwd = "anna:x:1000:1000::/data/anna:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n"
    machine = replace(DEBIAN, accounts=Accounts.read(passwd, "anna:x:1000:\n"))
    assert machine.home_owner(path) == owner
    found = states(tmp_path, f"files: {{{path}: {{content: x}}}}\n", machine)
    assert found[f"file:{path}"]["owner"] == owner


def test_keys_are_written_as_they_are_nested(tmp_path: Path) -> None:
    section = """\
files:
  /home/dev/settings.json:
    keys: {editor.fontSize: 14, "a/b": {"~": [1], empty: {}}, gone: null}
  /etc/tool.conf: {keys: {main: {on: true}}, format: ini}
"""
    assert states(tmp_path, section) == {
        "keys:/home/dev/settings.json": {
            "kind": "file",
            FileKey("editor.fontSize"): 14,
            FileKey("a~1b/~0"): [1],
            FileKey("a~1b/empty"): {},
            FileKey("gone"): None,
        },
        "keys:/etc/tool.conf": {"kind": "file", FileKey("main/on"): True},
    }
    made = compile_section(tmp_path, section).resources
    assert [r.dialect for r in made if isinstance(r, Keys)] == ["jsonc", "ini"]


def test_a_tree_is_its_folders_its_files_its_programs_and_its_links(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_text("not brought")
    (tree / "bin" / "run").write_text("#!/bin/sh\n")
    (tree / "bin" / "run").chmod(0o755)
    (tree / "logo").write_bytes(b"\x89PNG\0")
    (tree / "about.txt.j2").write_text("{{ distro }}\n")
    (tree / "latest").symlink_to("bin/run")
    (tree / "all").symlink_to("bin")
    dev = {"owner": "dev", "group": "dev"}
    assert states(tmp_path, 'files: {/home/dev/x: {tree: tree, mode: "0640"}}\n') == {
        "directory:/home/dev/x": {"kind": "directory", "mode": "0750", **dev},
        "directory:/home/dev/x/bin": {"kind": "directory", "mode": "0750", **dev},
        "file:/home/dev/x/about.txt": {
            "kind": "file",
            "mode": "0640",
            "content": "debian\n",
            **dev,
        },
        "file:/home/dev/x/bin/run": {
            "kind": "file",
            "mode": "0750",
            "content": "#!/bin/sh\n",
            **dev,
        },
        "file:/home/dev/x/logo": {
            "kind": "file",
            "mode": "0640",
            "content": "\udc89PNG\0",
            **dev,
        },
        "link:/home/dev/x/all": {"kind": "link", "target": "bin", **dev},
        "link:/home/dev/x/latest": {"kind": "link", "target": "bin/run", **dev},
    }
    (tree / "bad\xff.j2").write_bytes(b"\xff")
    assert refusals(tmp_path, "files: {/x: {tree: tree}}\n") == [
        "2:20: cannot read tree/bad\xff.j2: it is not UTF-8 text"
    ]


def test_a_link_of_a_tree_that_leads_elsewhere_makes_a_cached_environment_stale(
    tmp_path: Path,
) -> None:
    (tmp_path / "link").symlink_to("a")
    before = listing(str(tmp_path))
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("b")
    assert (before, listing(str(tmp_path))) == (b"link\x000\x00a", b"link\x000\x00b")


ONE = (
    "needs exactly one of 'content', 'source', 'template', 'tree', 'blocks', 'lines', 'keys', "
    "'link', 'directory' and 'absent'"
)
PATH = "must be an absolute path without `..`, `//` or a `/` at its end"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{etc/x: {content: x}}", f"2:9: the key 'etc/x' of files {PATH}"),
        (
            "{~/.x: {content: x}}",
            (
                "2:9: the key '~/.x' of files must be an absolute path: in the developer's home "
                "write `{{ home }}/.x`"
            ),
        ),
        ("{/etc/../x: {content: x}}", f"2:9: the key '/etc/../x' of files {PATH}"),
        ("{/etc/x/: {content: x}}", f"2:9: the key '/etc/x/' of files {PATH}"),
        ("{/etc/x: {}}", f"2:17: files./etc/x {ONE}"),
        ("{/etc/x: {content: x, link: y}}", f"2:17: files./etc/x {ONE}"),
        (
            '{/etc/x: {link: y, mode: "0644"}}',
            "2:17: files./etc/x has a mode, but is neither a file nor a directory",
        ),
        (
            '{/etc/x: {absent: true, mode: "0644"}}',
            "2:17: files./etc/x has a mode, but is neither a file nor a directory",
        ),
        (
            "{/etc/x: {content: x, mode: 644}}",
            (
                '2:36: files./etc/x.mode must be four octal digits in quotes, like "0644", '
                "not the integer 644"
            ),
        ),
        (
            "{/etc/x: {content: x, owner: 1oot}}",
            (
                "2:37: files./etc/x.owner must be letters, digits, `_`, `-`, `.`, "
                "a letter first, not text '1oot'"
            ),
        ),
        (
            "{/etc/x: {source: nowhere.txt}}",
            "2:26: cannot read nowhere.txt: No such file or directory",
        ),
        ("{/etc/x: {source: .}}", "2:26: cannot read .: Is a directory"),
        ("{/etc/x: {template: latin1}}", "2:28: cannot read latin1: it is not UTF-8 text"),
        (
            "{/etc/x: {link: y, once: true}}",
            "2:17: files./etc/x has 'once', which is for a whole file or a tree",
        ),
        (
            "{/etc/x: {lines: {present: [a, b], absent: [b]}}}",
            "2:25: files./etc/x.lines has the line 'b' in 'present' and in 'absent'",
        ),
        (
            "{/etc/x: {content: x, position: start}}",
            "2:17: files./etc/x has 'comment' or 'position', which are for 'blocks'",
        ),
        (
            "{/etc/x.json: {blocks: {a: x}}}",
            "2:31: /etc/x.json would be a file without comments, where a block has no marks",
        ),
        (
            "{/etc/x: {keys: {a: 1}}}",
            "2:24: the name of /etc/x does not tell how its keys are written",
        ),
        (
            "{/etc/x.ini: {keys: {a: {b: {c: 1}}}}}",
            "2:28: /etc/x.ini: a/b/c: an INI file has sections and keys, and nothing below these",
        ),
        ("{/etc/x: text}", "2:17: files./etc/x must be a mapping, not text 'text'"),
    ],
)
def test_what_is_no_path_or_no_one_thing_is_refused(
    tmp_path: Path, section: str, told: str
) -> None:
    (tmp_path / "latin1").write_bytes(b"\xe4")
    assert refusals(tmp_path, f"files: {section}\n") == [told]


def test_a_text_that_no_plan_could_read_back_is_refused(tmp_path: Path) -> None:
    (tmp_path / "most").write_text("é" * (1 << 19), "utf-8")
    (tmp_path / "twice").write_text("{{ text }}{{ text }}", "utf-8")
    files = "files:\n  /a: {source: most}\n  /b: {template: twice}\n"
    assert refusals(tmp_path, f"vars: {{text: {'é' * 300_000}}}\n{files}") == [
        "5:7: file:/b would have 1.1 MiB, and a file is compared up to 1 MiB"
    ]
