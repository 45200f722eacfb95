"""Notebooks as they are committed: told in words, without outputs, the same for everybody. That
they run is a test of its own (nbmake)."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text("utf-8"))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_are_some() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {
        "postmortem",
        "one-capture",
        "fleet",
        "table-audit",
    }


def test_outputs_are_stripped(notebook: Any) -> None:
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_no_trace_of_a_machine(notebook: Any) -> None:
    """The kernel is the one of the environment that runs it."""
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_it_tells_a_story(notebook: Any) -> None:
    """A title first, and words before at least every third cell of code."""
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert source(notebook["cells"][0]).startswith("# ")
    assert "code code code" not in " ".join(kinds)
    assert kinds.count("markdown") >= 5


def test_its_claims_are_checked(notebook: Any) -> None:
    """Code is Python, and some of it asserts what the words say."""
    trees = [ast.parse(source(c)) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert any(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree))
