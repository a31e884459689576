"""The generated documents are as the models say now."""

from __future__ import annotations

import json
from pathlib import Path

from envwright.spec.documents import documents, write
from envwright.spec.schema import json_schema

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_all_capabilities_is_up_to_date() -> None:
    # If not: ./bootstrap docs
    assert (DOCS / "capabilities.md").read_text("utf-8") == documents()["capabilities.md"]


def test_the_documents_are_written_into_a_folder(tmp_path: Path) -> None:
    write(tmp_path)
    found = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert found == documents()
    assert json.loads(found["environment.schema.json"]) == json_schema()
