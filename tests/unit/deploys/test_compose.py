"""Compose stacks: what is wanted, and what is refused before any machine is asked."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, refusals, states

from envwright.facts import Unknown
from envwright.model.resource import compare

if TYPE_CHECKING:
    from pathlib import Path

STACK = "compose: {a: {content: {services: {web: {image: x}}}}}\n"
HEAD = "# Written by envwright: change the environment, not this file.\n"
UNREAD = "has a compose file that cannot be read as YAML"
TOKEN = "secrets: {t: {env: TOKEN}}\n"


def test_a_stack_is_a_folder_a_file_a_unit_and_that_it_is_up(tmp_path: Path) -> None:
    made = states(tmp_path, STACK)
    assert list(made) == [
        "package:docker-ce",
        "package:docker-compose-plugin",
        "directory:/opt/docker",
        "directory:/opt/docker/a",
        "file:/etc/systemd/system/envwright-compose@.service",
        "file:/etc/systemd/system/envwright-compose@a.service.d/wait.conf",
        "file:/opt/docker/a/compose.yaml",
        "service:envwright-compose@a.service",
        "command:compose a",
    ]
    assert made["service:envwright-compose@a.service"] == {"enabled": True, "up to date": True}
    assert made["command:compose a"] == {"value": "up"}


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [("", 300), ("wait: 45s, ", 45), ("wait: 10m, ", 600), ("wait: 1h, ", 3600)],
)
def test_bringing_a_stack_up_has_a_limit_of_its_own(
    wait: str, seconds: int, tmp_path: Path
) -> None:
    section = STACK.replace("{content", f"{{{wait}content")
    made = states(tmp_path, section)
    path = "/etc/systemd/system/envwright-compose@a.service.d/wait.conf"
    assert made[f"file:{path}"]["content"] == (
        f"{HEAD}[Service]\n"
        "# Seconds for starting the services, and for those that others depend on to be as these "
        "want them.\n"
        f"Environment=LIMIT={seconds + 30}\n"
    )
    resources: dict[str, Any] = {r.id: r for r in compile_section(tmp_path, section).resources}
    unit = "/etc/systemd/system/envwright-compose@.service"
    assert resources["service:envwright-compose@a.service"].reads == (unit, path)


def test_the_file_goes_live_only_if_compose_agrees(tmp_path: Path) -> None:
    resources = {r.id: r for r in compile_section(tmp_path, STACK).resources}
    file: Any = resources["file:/opt/docker/a/compose.yaml"]
    assert file.validate.endswith(
        '\ndocker compose --project-directory /opt/docker/a --file "$staged" "$@" config --quiet'
    )
    assert file.validated
    assert file.content == f"{HEAD}services:\n  web:\n    image: x\n"


def test_a_text_and_a_file_are_placed_as_they_are(tmp_path: Path) -> None:
    text = "# ours\nservices: {web: {image: 'x:${TAG}'}}\n"
    (tmp_path / "stack.yaml").write_text(text)
    inline = text.replace("\n", "\n        ")
    section = f"compose:\n  a: {{file: stack.yaml}}\n  b:\n    content: |\n        {inline}\n"
    made = states(tmp_path, section)
    assert made["file:/opt/docker/a/compose.yaml"]["content"] == text
    assert made["file:/opt/docker/b/compose.yaml"]["content"] == text


def test_variables_lie_beside_the_file_in_quotes(tmp_path: Path) -> None:
    env = '{PORT: 80, A: \'a $b "c"\', B: "it\'s $5 \\\\ \\""}'
    made = states(tmp_path, STACK.replace("{content", f"{{env: {env}, content"))
    assert made["file:/opt/docker/a/.env"]["content"] == (
        f"{HEAD}PORT='80'\nA='a $b \"c\"'\nB=\"it's \\$5 \\\\ \\\"\"\n"
    )
    order = list(made)
    assert order.index("file:/opt/docker/a/.env") < order.index("file:/opt/docker/a/compose.yaml")


def test_a_secret_is_a_file_that_only_root_reads(tmp_path: Path) -> None:
    mounts = "secrets: {token: {file: ./secrets/token}}"
    content = f"content: {{services: {{w: {{image: x}}}}, {mounts}}}"
    section = f"compose:\n  a:\n    secrets: {{token: '{{{{ secret.t }}}}'}}\n    {content}\n"
    made = states(tmp_path, TOKEN + section)
    root = {"owner": "root", "group": "root"}
    folder = {"kind": "directory", "mode": "0700", **root}
    assert made["directory:/opt/docker/a/secrets"] == folder
    token = {"kind": "file", "mode": "0600", **root, "content": "⟦secret:t⟧"}
    assert made["file:/opt/docker/a/secrets/token"] == token


def test_each_stack_is_redone_by_its_own_files_and_unit_and_by_docker_alone(tmp_path: Path) -> None:
    text = (
        "compose:\n"
        "  a: {content: {services: {w: {image: x}}}, env: {N: 1}}\n"
        "  b: {content: {services: {w: {image: x}}}}\n"
    )
    commands: dict[str, Any] = {r.id: r for r in compile_section(tmp_path, text).resources}
    assert commands["command:compose a"].undone_by == (
        "directory:/opt/docker/a",
        "file:/opt/docker/a/.env",
        "file:/opt/docker/a/compose.yaml",
        "service:docker.service",
        "service:envwright-compose@a.service",
    )
    assert commands["command:compose b"].undone_by == (
        "directory:/opt/docker/b",
        "file:/opt/docker/b/compose.yaml",
        "service:docker.service",
        "service:envwright-compose@b.service",
    )


def test_a_stack_in_a_checkout_comes_after_the_checkout_and_is_redone_by_it(tmp_path: Path) -> None:
    text = """\
compose: {a: {path: /home/dev/app/deploy}}
checkouts: {/home/dev/app: {url: https://git.test/app, owner: dev, branch: main}}
"""
    made: dict[str, Any] = {r.id: r for r in compile_section(tmp_path, text).resources}
    up, checkout = "command:compose a", "checkout:/home/dev/app"
    assert list(made).index(up) > list(made).index(checkout)
    same = compare(made[up].desired(), made[up].desired())
    assert made[up].predict(same, {checkout}).before == {
        "value": Unknown("what comes before it changes")
    }


def test_ports_are_proved_where_some_are_published(tmp_path: Path) -> None:
    text = (
        "compose:\n"
        "  a: {content: {services: {w: {image: x, ports: ['80:80']}}}}\n"
        "  b: {content: {services: {w: {image: x}}}}\n"
        "  c: {content: {services: {w: {image: x, ports: ['80:80'], profiles: [p]}}}}\n"
    )
    assert [proof.name for proof in compile_section(tmp_path, text).proofs] == [
        "every service of the stack a runs and is healthy",
        "the ports of the stack a answer",
        "every service of the stack b runs and is healthy",
        "every service of the stack c runs and is healthy",
    ]


@pytest.mark.parametrize(
    ("kind", "code"), [("ext2/ext3", 0), ("overlayfs", 0), ("v9fs", 1), ("cifs", 1)]
)
def test_a_stack_on_a_drive_of_windows_is_refused(
    kind: str,
    code: int,
    tmp_path: Path,
) -> None:
    _, requirement, _ = compile_section(tmp_path, STACK).requirements
    (tmp_path / "stat").write_text(f"#!/bin/sh\necho {kind}\n")
    (tmp_path / "stat").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", requirement.script], env=environment, check=False)
    assert done.returncode == code
    assert (requirement.refusal, requirement.hint) == (
        (
            "/opt/docker/a lies on a Windows drive or a network drive, where the data of "
            "containers loses owners, modes and speed"
        ),
        "move /opt/docker/a to the distribution's own ext4 file system",
    )


def test_no_stacks_are_nothing(tmp_path: Path) -> None:
    assert compile_section(tmp_path, "compose: {}\n").resources == ()


SERVICES = "content: {services: {w: {image: x}}}"
MOUNT = "content: {services: {w: {image: x}}, secrets: {token: {file: ./secrets/token}}}"


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("{}", "4:6: compose.a needs exactly one of 'file', 'content', 'folder' and 'path'"),
        (
            f"{{file: f.yaml, {SERVICES}}}",
            "4:6: compose.a needs exactly one of 'file', 'content', 'folder' and 'path'",
        ),
        ("{content: {}}", "4:6: compose.a is no compose file: it is empty"),
        ("{content: '# soon'}", "4:6: compose.a is no compose file: it is empty"),
        ("{content: '- a'}", "4:6: compose.a is no compose file: its top level is no mapping"),
        (
            r'{content: "services:\n  w: [\n"}',
            (
                "4:6: compose.a is no YAML at line 3 of the compose file: expected the node "
                "content, but found '<stream end>'"
            ),
        ),
        (
            "{content: {services: {w: {image: x, environment: {T: '{{ secret.t }}'}}}}}",
            (
                "4:6: compose.a has a secret where others can read it: put it under 'secrets', and "
                "mount it in the compose file"
            ),
        ),
        (
            f"{{env: {{T: 'x{{{{ secret.t }}}}'}}, {SERVICES}}}",
            (
                "4:6: compose.a has a secret where others can read it: put it under 'secrets', and "
                "mount it in the compose file"
            ),
        ),
        (
            f"{{secrets: {{token: hunter2}}, {MOUNT}}}",
            "4:6: compose.a has the secret 'token' written out: refer to one by its name",
        ),
        (
            f"{{secrets: {{token: '{{{{ secret.t }}}}'}}, {SERVICES}}}",
            (
                "4:6: compose.a has the secret 'token', which its compose file does not mount: "
                "write `secrets: {token: {file: ./secrets/token}}` there"
            ),
        ),
        (
            f"{{{MOUNT}}}",
            "4:6: compose.a has no secret for ./secrets/token, which its compose file mounts",
        ),
        (
            f"{{wait: 300, {SERVICES}}}",
            (
                "4:13: compose.a.wait must be seconds, minutes or hours, like `90s`, `5m` or `1h`, "
                "not the integer 300"
            ),
        ),
    ],
)
def test_a_stack_that_cannot_be_meant_is_refused(stack: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("services: {w: {image: x}}\n")
    assert refusals(tmp_path, f"{TOKEN}compose:\n  a: {stack}\n") == [said]


@pytest.mark.parametrize("name", ["-a", "a b", "A", "../x", "a/b"])
def test_a_name_that_compose_would_not_take_is_refused(name: str, tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, f"compose: {{'{name}': {{{SERVICES}}}}}\n")
    assert said.endswith("small letters, digits, `.`, `_` and `-`, a letter or digit first")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            r"services: {}\n# \x07",
            "has the character U+0007, which cannot stand in YAML, in line 2 of the compose file",
        ),
        ("services: " + "[" * 3000, f"{UNREAD}: maximum recursion depth exceeded"),
        ("services: *a", "is no YAML at line 1 of the compose file: found undefined alias"),
    ],
)
def test_a_compose_file_that_cannot_be_read_is_told(
    content: str, said: str, tmp_path: Path
) -> None:
    (told,) = refusals(tmp_path, f'compose: {{a: {{content: "{content}"}}}}\n')
    assert told.startswith(f"2:14: compose.a {said}")


def test_a_mapping_may_hold_any_character(tmp_path: Path) -> None:
    text = r'compose: {a: {content: {services: {web: {image: "x\a\x7f\u2028\ufffe\U0001f600"}}}}}'
    assert refusals(tmp_path, text) == []
