"""postgresql: a cluster with its settings, its roles and its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU
from dataclasses import replace

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {DB: {env: DB}}
postgresql:
  listen: ["*"]
  port: 5433
  settings: {max_connections: 30, jit: false, application_name: "it's C:\\\\x"}
  roles:
    app: {password: "{{ secret.DB }}", createdb: true}
  databases:
    shop: {owner: app}
    old: {absent: true}
"""
