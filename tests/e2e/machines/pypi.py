"""An index of Python packages with real wheels of PyPI, as pip asks for them (PEP 503)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from machines import cache
from machines.golang import wheel

if TYPE_CHECKING:
    from machines.server import Server

INDEX = "https://files.envwright.test/pypi/simple"
CONF = f"[global]\nindex-url = {INDEX}\n"
"""What a person's ~/.config/pip/pip.conf says of the index."""
WHEELS = {
    "six-1.17.0-py2.py3-none-any.whl": (
        "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
    ),
    "python_dateutil-2.9.0.post0-py2.py3-none-any.whl": (
        "a8b2bc7bffae282281c8140a97d3aa9c14da0b136dfe83f850eea9a5f7470427"
    ),
}
"""The SHA-256 of each wheel, by the wheel's name."""
TOOLS = {
    "iniconfig-2.3.1-py3-none-any.whl": (
        "9121e2c1fdb355232495be3194c8dfe87ccc2d5dee45947b78e68f499790d7a7"
    ),
    "packaging-26.4-py3-none-any.whl": (
        "81383611a09c1bc0b08b76e0fd5829d7c6824c65b27a6aee339da133f4233ea2"
    ),
    "pluggy-1.7.0-py3-none-any.whl": (
        "7dd7b0d8832ba3cb632c306926ded123429211b83641b35dc5c41ad2d34f9bec"
    ),
    "pygments-2.21.0-py3-none-any.whl": (
        "2363c69b61c4a97c838da3b130dcd6468f4848992b21a82f2a63ec34377137d9"
    ),
    "pytest-9.2.0-py3-none-any.whl": (
        "07acdcf88ec174f907dc01af70bf52d49b014bbab03faeeade31c96b18c2e588"
    ),
    "ruff-0.17.6-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (
        "aa3b08254a732acba246891089a152c47c5733dc36b8ecb76ce8602f8326e5e4"
    ),
}
"""The same, of pytest with what it needs, and ruff."""


def publish(server: Server, *more: dict[str, str]) -> None:
    """Put an index with WHEELS and `more` where the server finds it."""
    for name, digest in [item for wheels in (WHEELS, *more) for item in wheels.items()]:
        package, version = name.split("-")[0].replace("_", "-"), name.split("-")[1]
        file = cache.kept(f"pypi/{name}", functools.partial(wheel, package, version, digest))
        server.put(f"{INDEX}/{package}/{name}", file.read_bytes())
        link = f'<a href="{name}#sha256={digest}">{name}</a>'
        server.put(f"{INDEX}/{package}/index", f"<!DOCTYPE html>\n{link}\n".encode())
