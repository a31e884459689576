"""Law 1: compiling is a function: same file, same resources, same order, no network, no machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envwright.model.catalogue import discover
from envwright.spec.sample_machines import MACHINES

ENVIRONMENTS = Path(__file__).parents[3] / "environments"
COMPILE = """\
import sys

OPEN = []

def forbid(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn")):
        OPEN.append(event)
        raise PermissionError(f"{event} {arguments}")

sys.addaudithook(forbid)

import json
from pathlib import Path
from envwright.errors import UnfitError
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

made = {}
for path in sys.argv[1:]:
    for number, machine in enumerate(MACHINES):
        name = f"{Path(path).stem} {number}"
        try:
            result = compile_environment(load(Path(path), machine), machine)
        except UnfitError as error:
            made[name] = str(error)
            continue
        made[name] = [
            [repr(part) for part in parts]
            for parts in (result.resources, result.proofs, result.requirements)
        ]
print(json.dumps([made, OPEN]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every shipped environment, and every capability's example as one."""
    folder = tmp_path_factory.mktemp("examples")
    for name, section in discover().items():
        (folder / f"{name}.yaml").write_text(f"name: example\n{section.example}", "utf-8")
    return [str(p) for where in (folder, ENVIRONMENTS) for p in sorted(where.glob("*.yaml"))]


def started(files: list[str], seed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMPILE, *files],
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_compile_the_same_without_a_network_or_another_program(
    files: list[str],
) -> None:
    with started(files, "1") as one, started(files, "2") as other:
        (first, asked), second = (json.loads(p.communicate()[0]) for p in (one, other))
    assert asked == []
    assert second == [first, []]
    wanted = {f"{Path(path).stem} {number}" for path in files for number in range(len(MACHINES))}
    assert set(first) == wanted
    empty = [name for name, parts in first.items() if isinstance(parts, list) and not any(parts)]
    assert empty == []
    fit = {name.split()[0] for name, parts in first.items() if isinstance(parts, list)}
    assert fit == {Path(path).stem for path in files}


def test_the_forbidden_is_forbidden() -> None:
    """The witness of the test above: what it says of sockets and programs would be seen."""
    script = COMPILE.partition("import json")[0]
    for attempt in ("import socket; socket.socket()", "import os; os.posix_spawn('/x', ['x'], {})"):
        argv = [sys.executable, "-c", f"{script}{attempt}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert (done.returncode, "PermissionError: " in done.stderr) == (1, True), done.stderr
