"""JSON objects with their lines, whatever is around and wherever it is cut."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.context.json_lines import elements, whole_number

DOCUMENT = {"a": [{"x": 1}, {"x": {"y": [2]}}, {"z": 0}], "b": {"a": [{"x": 3}]}}


def found(
    text: str, holding: str = "x", within: str = "", *, alone: bool = False
) -> list[tuple[int, object]]:
    return [(line, value[holding]) for line, value in elements(text, holding, within, alone=alone)]


def test_lists_below_a_key() -> None:
    """Each object at the line where it begins; in every list of that name, however deep."""
    assert found(json.dumps(DOCUMENT), within="a") == [(1, 1), (1, {"y": [2]}), (1, 3)]
    text = json.dumps(DOCUMENT, indent=1)
    third = text.split("\n").index('    "x": 3')
    assert found(text, within="a") == [(3, 1), (6, {"y": [2]}), (third, 3)]


def test_lists_that_begin_a_line() -> None:
    """As ``ip -j`` prints them; below a prompt, several."""
    assert found('[{"x":1},{"x":2}]') == [(1, 1), (1, 2)]
    assert found('$ ip -j\n[{"x":1}\n,{"y":2}, {"x":3}]\n$ ip\n[ {"x":4} ]\n') == [
        (2, 1), (3, 3), (5, 4),
    ]  # fmt: skip
    assert found('text [{"x":1}]') == []


def test_objects_alone() -> None:
    """One per line, or over several."""
    assert found('{"x":1}\n{"y":2}\n{\n "x":3}\n', alone=True) == [(1, 1), (3, 3)]


def test_cut_anywhere() -> None:
    """What is whole before the cut is read, and nothing else."""
    text = json.dumps([{"x": n} for n in range(5)], indent=1)
    whole = found(text)
    for end in range(len(text)):
        part = found(text[:end])
        assert part == whole[: len(part)]
        assert len(part) == text[:end].count("}")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":[' * 50_000,
        '[{"x":' + "[" * 100_000,
        '[{"x":' + "9" * 100_000 + "}]",
        '"a":[{"b' * 100_000,
        '[{"x":"' + "y" * 1_000_000,
        '[{"x" ' * 100_000 + "\n",
        '\n[{"x":"\\' * 50_000,
        '"a" ' * 200_000,
    ],
    ids=range(9),
)
def test_hostile(text: str) -> None:
    """Deep, endless, huge numbers: done soon, nothing raised."""
    begin = time.process_time()
    assert found(text) == []
    assert found(text, within="a") == []
    assert found(text, alone=True) == []
    assert time.process_time() - begin < 5


ANY = st.recursive(
    st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


@given(ANY)
def test_any_document(value: object) -> None:
    """All objects of a list, in order."""
    text = json.dumps([{"x": value}, {"x": 1}], indent=2)
    assert [v for _, v in found(text)] == [value, 1]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (5, 5),
        (-1, None),
        (True, None),
        (2**63, None),
        (1.0, None),
        ("1", None),
        (None, None),
    ],
)
def test_whole_number(value: object, number: int | None) -> None:
    assert whole_number(value) == number
