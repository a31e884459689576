"""Machines that cannot be entered, or not with the rights; and one that has not booted systemd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from box import Box
from machines.engine import RUN, Network, docker, owner
from machines.images import image
from machines.machine import Machine
from snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "files: {/etc/motd: {content: x}}\n"
UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"


@dataclass(frozen=True)
class Door:
    """The machine by the sshd in it, where two people may log in and one may use sudo."""

    machine: Machine
    settings: dict[str, str]

    def tries(self, box: Box, user: str, password: str) -> str:
        """Plan as a user who gives sudo a password; return the error, HOST for the machine."""
        box.write(FILE)
        before = snapshot(self.machine)
        words = ("plan", "box.yaml", "--host", f"{user}@{self.machine.name}")
        said = box.run_words(*words, "--sudo-password-stdin", stdin=password, **self.settings)
        assert (said.code, said.out) == (1, "")
        assert sorted(snapshot(self.machine) ^ before) == []
        return said.err.replace(self.machine.name, "HOST")
