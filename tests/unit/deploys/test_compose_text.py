"""What is foreseen of compose files: ports, names and folders, as far as the text itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, refusals, states

if TYPE_CHECKING:
    from pathlib import Path


def required(folder: Path, content: str, more: str = "", name: str = "a") -> list[str]:
    """Return the names of what must hold for a stack before anything is changed."""
    return named(folder, f"compose: {{{name}: {{{more}content: {content}}}}}\n")


def named(folder: Path, section: str) -> list[str]:
    """Return the names of the requirements but the first: that apt has Docker's packages."""
    first, *others = compile_section(folder, section).requirements
    assert first.name == "apt has docker-ce"
    return [requirement.name for requirement in others]


def of_service(folder: Path, lines: str) -> list[str]:
    """Return the same for a service, but for what holds of every stack."""
    content = f"{{services: {{w: {{image: x, {lines}}}}}}}"
    first, *others, _ = required(folder, content, "env: {PORT: 8001}, ")
    assert first == "the stack a lies on a Linux file system"
    return others


@pytest.mark.parametrize(
    ("ports", "read"),
    [
        ("'80:8080'", ["80/tcp"]),
        ("'127.0.0.1:80:8080/tcp'", ["127.0.0.1:80/tcp"]),
        ("'53:53/udp'", ["53/udp"]),
        ("'8000-8002:80-82'", ["8000/tcp", "8001/tcp", "8002/tcp"]),
        ("'[::1]:80:80'", ["[::1]:80/tcp"]),
        ("'${PORT}:80'", ["8001/tcp"]),
        ("'${OTHER:-8002}:80'", ["8002/tcp"]),
        ("'${OTHER}:80'", []),
        ("{target: 80, published: 8003, host_ip: 127.0.0.2}", ["127.0.0.2:8003/tcp"]),
        ("{target: 80, published: '${PORT}', protocol: udp}", ["8001/udp"]),
        ("{target: 80}", []),
        ("'80'", []),
        ("8080", []),
    ],
)
def test_the_ports_of_a_service_must_be_free(ports: str, read: list[str], tmp_path: Path) -> None:
    assert of_service(tmp_path, f"ports: [{ports}]") == [
        f"the port {port} is free for the stack a" for port in read
    ]


def test_a_service_with_a_profile_takes_nothing_by_itself(tmp_path: Path) -> None:
    lines = "profiles: [debug], ports: ['80:80'], volumes: ['/mnt/c/x:/x']"
    content = f"{{services: {{w: {{image: x, {lines}}}}}}}"
    assert required(tmp_path, content) == ["the stack a lies on a Linux file system"]


@pytest.mark.parametrize(
    ("volumes", "read"),
    [
        ("'./data:/data'", ["/opt/docker/a/data"]),
        ("'../shared:/data'", ["/opt/docker/shared"]),
        ("'/mnt/c/data:/data:rw,z'", ["/mnt/c/data"]),
        ("'/mnt/c/src:/src:ro'", []),
        ("'store:/data'", []),
        ("/data", []),
        ("{type: bind, source: /mnt/c/x, target: /x}", ["/mnt/c/x"]),
        ("{type: bind, source: /mnt/c/x, target: /x, read_only: true}", []),
        ("{type: volume, source: store, target: /x}", []),
    ],
)
def test_a_folder_that_containers_write_to_must_lie_on_a_linux_file_system(
    volumes: str, read: list[str], tmp_path: Path
) -> None:
    assert of_service(tmp_path, f"volumes: [{volumes}]") == [
        f"{path} of the stack a lies on a Linux file system" for path in read
    ]


def test_a_volume_that_is_a_folder_of_the_machine_must_lie_there_too(tmp_path: Path) -> None:
    options = "{type: none, o: bind, device: /mnt/c/store}"
    content = f"{{services: {{}}, volumes: {{store: {{driver_opts: {options}}}}}}}"
    assert required(tmp_path, content) == [
        "the stack a lies on a Linux file system",
        "/mnt/c/store of the stack a lies on a Linux file system",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: x, restart: !reset null}}",
        r"services: {a: {image: x}}\n---\nservices: {b: {image: y}}",
        "include: [other.yaml]",
        "services: {a: &a {b: *a}}",
        "services: {a: {x: 2026-99-99}, b: {n: " + "9" * 5000 + "}}",
        "a: b",
    ],
)
def test_what_compose_alone_can_judge_is_not_refused(text: str, tmp_path: Path) -> None:
    assert refusals(tmp_path, f'compose: {{a: {{content: "{text}"}}}}\n') == []


def test_a_merged_mapping_is_read_as_part_of_the_service(tmp_path: Path) -> None:
    text = r'"x-base: &base {ports: [\"80:80\"]}\nservices: {a: {<<: *base, image: x}}"'
    assert "the port 80/tcp is free for the stack a" in required(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "head", "of_compose"),
    [("my.app", "", "myapp"), ("a_b-c", "", "a_b-c"), ("web", "name: shop, ", "shop")],
)
def test_the_containers_of_a_stack_are_named_as_compose_names_them(
    name: str, head: str, of_compose: str, tmp_path: Path
) -> None:
    services = "{w: {image: x}, v: {image: x, container_name: mine}}"
    section = f"compose: {{{name}: {{content: {{{head}services: {services}}}}}}}\n"
    *_, names = compile_section(tmp_path, section).requirements
    assert names.refusal == (
        f"a container that is not of the stack {name} has one of its names: mine, {of_compose}-w-1"
    )


def test_two_stacks_that_compose_takes_for_one_are_refused(tmp_path: Path) -> None:
    stack = "{content: {services: {w: {image: x}}}}"
    assert refusals(tmp_path, f"compose: {{my.app: {stack}, myapp: {stack}}}\n") == [
        (
            "2:10: compose has the stacks 'my.app' and 'myapp', which Compose takes for one "
            "project: rename one of the two"
        )
    ]


def test_a_folder_arrives_whole_and_its_compose_file_is_judged_last(tmp_path: Path) -> None:
    files = {
        "docker-compose.yml": "services: {w: {image: x, env_file: [conf/app.env]}}\n",
        "conf/app.env": "A=1\n",
        "entry.sh": "#!/bin/sh\n",
        ".git/config": "no part of the stack\n",
    }
    for name, text in files.items():
        (tmp_path / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "web" / name).write_text(text)
    (tmp_path / "web/entry.sh").chmod(0o755)
    made = states(tmp_path, "compose: {web: {folder: web}}\n")
    assert {
        id_.removeprefix("file:/opt/docker/web/"): state and (state["mode"], state["content"])
        for id_, state in made.items()
        if id_.startswith("file:/opt/docker/web/")
    } == {
        "conf/app.env": ("0644", files["conf/app.env"]),
        "entry.sh": ("0755", files["entry.sh"]),
        "compose.yaml": None,
        "compose.yml": None,
        "docker-compose.yml": ("0644", files["docker-compose.yml"]),
    }
    order = list(made)
    assert order.index("file:/opt/docker/web/docker-compose.yml") > order.index(
        "file:/opt/docker/web/conf/app.env"
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "cannot read web: No such file or directory"),
        (
            {"a.env": b""},
            "compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml",
        ),
        (
            {"compose.yaml": b"services: {}", "logo.png": b"\xff"},
            "cannot read web/logo.png: it is not UTF-8 text",
        ),
    ],
)
def test_a_folder_that_is_no_stack_is_refused(
    files: dict[str, bytes], said: str, tmp_path: Path
) -> None:
    for name, data in files.items():
        (tmp_path / "web").mkdir(exist_ok=True)
        (tmp_path / "web" / name).write_bytes(data)
    (told,) = refusals(tmp_path, "compose: {web: {folder: web}}\n")
    assert told.rpartition(": ")[2] == said.rpartition(": ")[2]
    assert said in told


def test_a_checkout_in_a_home_is_run_by_its_user_and_nothing_is_written_there(
    tmp_path: Path,
) -> None:
    made = states(tmp_path, "compose: {app: {path: /home/dev/my app}}\n")
    unit = "/etc/systemd/system/envwright-compose@app.service.d/wait.conf"
    assert made[f"file:{unit}"]["content"] == (
        "# Written by envwright: change the environment, not this file.\n"
        "[Service]\n"
        "WorkingDirectory=/home/dev/my app\n"
        "User=dev\n"
        "# Seconds for starting the services, and for those that others depend on to be as these "
        "want them.\n"
        "Environment=LIMIT=330\n"
    )
    assert [id_ for id_ in made if "/home/" in id_ or "/opt/" in id_] == []


def test_a_checkout_elsewhere_must_be_root_s_own(tmp_path: Path) -> None:
    section = "compose: {app: {path: /srv/app}}\n"
    assert named(tmp_path, section) == [
        "the stack app lies on a Linux file system",
        "only root can change the stack app",
    ]


@pytest.mark.parametrize("more", ["env: {A: 1}", "secrets: {t: '{{ secret.t }}'}"])
def test_nothing_is_written_beside_a_compose_file_of_the_machine(more: str, tmp_path: Path) -> None:
    text = f"secrets: {{t: {{env: T}}}}\ncompose: {{app: {{path: /srv/app, {more}}}}}\n"
    assert refusals(tmp_path, text) == [
        "3:16: compose.app has a 'path', where envwright writes neither 'env' nor 'secrets'"
    ]
