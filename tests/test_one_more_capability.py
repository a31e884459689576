"""One more capability touches the files that CONTRIBUTING.md counts, and no other."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from house import HOUSE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CAPABILITY = '''\
"""motd: the message of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from envwright.model.capability import Capability
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource


class Section(Capability):
    """The message that a login shows (motd(5))."""

    uncaptured: ClassVar[str] = "The message of a machine is its own."
    example: ClassVar[str] = "motd:\\n  text: Welcome\\n"

    text: str
    """The message."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - a protocol
        yield File(path="/etc/motd", content=f"{self.text}\\n", at=("text",))
'''
UNIT_TEST = '''\
"""What motd compiles to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sections import states

if TYPE_CHECKING:
    from pathlib import Path


def test_the_message_is_a_file(tmp_path: Path) -> None:
    made = states(tmp_path, "motd: {text: Welcome}\\n")
    assert made["file:/etc/motd"]["content"] == "Welcome\\n"
'''
ENVIRONMENT = """\
# A greeting.
name: greeting
motd: {text: Welcome}
"""
WRITTEN = {
    "deploys/motd.py": CAPABILITY,
    "tests/unit/deploys/test_motd.py": UNIT_TEST,
    "environments/greeting.yaml": ENVIRONMENT,
}
"""The files of one more capability."""
GENERATED = {"docs/capabilities.md", "docs/environment.schema.json"}
"""What `./bootstrap docs` writes."""
CHECKS = (
    "tests/test_house.py",
    "tests/test_files.py",
    "tests/test_capabilities.py",
    "tests/test_laws_cover.py",
    "tests/unit/spec/test_documents.py",
    "tests/unit/spec/test_schema.py",
    "tests/unit/test_readme.py",
    "tests/unit/deploys/test_motd.py",
)
"""What the house wants of a capability, apart from machines; these take seconds."""


class House:
    """A copy of this checkout, and what a developer runs in it.

    Args:
        folder: where the copy goes.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "house"
        ignore = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build")
        shutil.copytree(HOUSE, self.root, ignore=ignore)
        # The package as an installation has it: deploys and templates lie inside.
        self._site = folder / "site"
        package = self._site / "envwright"
        package.mkdir(parents=True)
        for path in (self.root / "src" / "envwright").iterdir():
            (package / path.name).symlink_to(path)
        for name in ("deploys", "templates"):
            (package / name).symlink_to(self.root / name)

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, and generate the documents."""
        for name, text in files.items():
            (self.root / name).write_text(text, "utf-8")
        assert self._run("envwright.spec.documents", "docs") == ""

    def failed_checks(self) -> list[str]:
        """Return the names of the tests and rules that fail."""
        there = [name for name in CHECKS if (self.root / name).exists()]
        said = self._run("pytest", "-q", "-p", "no:cacheprovider", "-rfE", "--tb=no", *there)
        failed = re.findall(r"(?m)^(?:FAILED|ERROR) \S+?::(\w+)", said)
        rules = self._run("ruff", "check", "--no-cache", "--quiet", "--output-format=concise", ".")
        return [*failed, *rules.splitlines()]

    def changed(self) -> set[str]:
        """Return the files that are not as they are in this checkout."""
        return {
            str(name)
            for path in self.root.rglob("*")
            if path.is_file() and path.suffix != ".pyc"
            for name in [path.relative_to(self.root)]
            if not (HOUSE / name).exists() or not filecmp.cmp(path, HOUSE / name, shallow=False)
        }

    def _run(self, module: str, *words: str) -> str:
        """Run a module of Python in the copy; return what it says."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.root,
            env=env | {"PYTHONPATH": str(self._site), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr


def test_one_more_capability_touches_its_own_files_and_no_other(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(WRITTEN)
    assert house.failed_checks() == []
    assert house.changed() - GENERATED == set(WRITTEN)


def test_a_capability_without_its_unit_test_and_environment_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write({"deploys/motd.py": CAPABILITY})
    assert house.failed_checks() == [
        "test_tests_mirror_the_house",
        "test_the_laws_are_tried_on_a_capability",
    ]


def test_the_count_in_contributing_is_true() -> None:
    guide = (HOUSE / "CONTRIBUTING.md").read_text("utf-8")
    assert f"{len(WRITTEN)} files make one more capability" in " ".join(guide.split())
