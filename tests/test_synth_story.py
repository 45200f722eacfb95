"""Stories are read whole or refused with file, line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tales import tale

from synack.errors import InputError
from synack.synth.story import parse, read

GOOD = """\
title = "A tale"
[links.lan]
prefix = "10.0.1.0/24"
[hosts.a]
address = "10.0.1.1"
mac = "0a:00:00:00:00:01"
services = {9092 = "accept"}
[hosts.b]
address = "10.0.1.2"
mac = "0A-00-00-00-00-02"
clock = {offset = 3, drift_ppm = 5}
[[connections]]
client = "b"
server = "a"
at = {from = 1, to = 9, every = 4}
[[captures]]
host = "a"
[[captures]]
host = "b"
link_type = "LINUX_SLL"
"""


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


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('mac = "0a:00:00:00:00:01"', 'mac = "0a:00"', 6, "hosts.a.mac: '0a:00' is no MAC"),
        ('mac = "0a:00:00:00:00:01"', "", 4, "hosts.a.mac: is missing"),
        ('address = "10.0.1.2"', 'address = "10.0.1.256"', 9, "hosts.b.address"),
        ('"10.0.1.0/24"', '"10.0.1.1/24"', 3, "has host bits set"),
        ("offset = 3", "ofset = 3", 11, "hosts.b.clock.ofset: no such key; there are"),
        ("drift_ppm = 5", 'drift_ppm = "5"', 11, "hosts.b.clock.drift_ppm: '5' is not a number"),
        ('client = "b"', 'client = "c"', 13, "connections[0].client: 'c' is none of 'a', 'b'"),
        ("every = 4", "every = 0", 15, "connections[0].at.every: 0 is not a number"),
        ('"LINUX_SLL"', '"SLL"', 20, "captures[1].link_type: 'SLL' is none of"),
        ('{9092 = "accept"}', '{http = "accept"}', 7, "hosts.a.services"),
        ('[hosts.a]', '[hosts."-"]', 4, "no host name"),
        ('[hosts.b]\n', '[hosts.b]\nup = [5, 1]\n', 9, "hosts.b.up"),
        ('title = "A tale"', 'title = "A tale', 1, "not valid TOML"),
        ('title = "A tale"', "start = 2026-01-01", 1, "start"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_line_and_key(old, new, line, says, tmp_path):
    assert old in GOOD
    path = tmp_path / "story.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read(str(path))
    assert says in str(caught.value)
    assert caught.value.damage.line == line


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
