"""Stories are read whole or refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tales import GOOD, tale

from synack.errors import InputError
from synack.synth.reading import parse, read


def test_a_story_is_read():
    story = parse(tomllib.loads(GOOD), "x", GOOD)
    assert story.title == "A tale"
    assert story.hosts["b"].interfaces[0].mac == "0a:00:00:00:00:02"
    assert (story.hosts["b"].offset, story.hosts["b"].drift_ppm) == (3.0, 5.0)
    assert story.hosts["a"].services == {9092: "accept"}
    assert story.connections[0].at == [1.0, 5.0, 9.0]
    assert story.connections[0].server == "10.0.1.1"
    assert [r.link_type for r in story.records] == ["EN10MB", "LINUX_SLL"]
    assert story.records[0].window == (0.0, 60.0)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read(str(tmp_path / "none.toml"))
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError):
        read(str(tmp_path / "x"))


def test_every_story_of_the_library_is_read():
    for path in (Path(__file__).parents[1] / "fixtures").glob("*/story.toml"):
        assert read(str(path)).connections


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
def test_whatever_is_in_it_it_is_read_or_refused(data):
    story = tale()
    where, key = story, data.draw(st.sampled_from(sorted(story)))
    while isinstance(where[key], dict | list) and where[key] and data.draw(st.booleans()):
        where = where[key]
        keys = sorted(where) if isinstance(where, dict) else range(len(where))
        key = data.draw(st.sampled_from(list(keys)))
    where[key] = data.draw(values)
    try:
        parse(story, "x")
    except InputError as error:
        said = str(error)
    else:
        said = "x: "
    assert said.startswith("x: ")
