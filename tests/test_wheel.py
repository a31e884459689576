"""An installed wheel is whole: what it brings along works without the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest
from house import HOUSE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel; its libraries are ours, by a .pth file."""
    folder = tmp_path_factory.mktemp("wheel")
    # The build writes nothing into the checkout.
    config = folder / "setup.cfg"
    config.write_text(f"[egg_info]\negg_base = {folder}\n[build]\nbuild_base = {folder}/build\n")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={folder}"]
    run([*pip, "wheel", *options, str(HOUSE)], DIST_EXTRA_CONFIG=str(config))
    (wheel,) = folder.glob("*.whl")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    (libraries,) = (folder / "venv/lib").glob("python*/site-packages")
    run([*pip, "install", "--no-deps", "--no-index", f"--target={libraries}", str(wheel)])
    # A path in a .pth file is searched, but the .pth files there, as of our checkout, do not count.
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv/bin/python"


def run(argv: list[str], cwd: Path | None = None, **variables: str) -> str:
    """Run a program in an environment of its own; return what it printed."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables}
    done = subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_extends_a_preset_of_the_installed_wheel(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text("name: box\nextends: preset:docker-workstation\n")
    told = run([str(installed), "-m", "envwright", "check", "box.yaml"], cwd=tmp_path)
    assert told.startswith("box.yaml: good for debian-13, ")
    place = "import envwright.environments as e; print(e.__path__[0])"
    venv = str(installed.parents[1])
    assert run([str(installed), "-c", place]).startswith(venv)
    told = run([str(installed), "-m", "envwright", "explain", "extends"], cwd=tmp_path)
    assert "  preset:docker-workstation\n      An account, tools, WSL settings" in told
