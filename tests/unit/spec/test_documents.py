"""The made documents are as the models say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from envwright.spec.documents import documents

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", documents())
def test_a_made_document_is_up_to_date(name: str) -> None:
    # If not: python -m envwright.spec.documents docs
    assert (DOCS / name).read_text("utf-8") == documents()[name]
