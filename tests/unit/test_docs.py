"""The made documents are as the models say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from envwright.docs import documents

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", documents())
def test_a_made_document_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == documents()[name], (
        "run python -m envwright.docs docs"
    )
