"""A mistake in a story is named with file, line and key."""

from __future__ import annotations

import pytest
from tales import GOOD

from synack.errors import InputError
from synack.synth.reading import read
from synack.synth.toml import Lines


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


def test_lines_of_keys():
    """Of the key; else of its table's heading; nothing where there is no text."""
    text = GOOD.splitlines()
    lines = Lines("x", GOOD)
    assert text[lines.of(("hosts", "b"), "mac") - 1] == 'mac = "0A-00-00-00-00-02"'
    assert text[lines.of(("hosts", "b"), "gateway") - 1] == "[hosts.b]"
    assert lines.of(("captures", 1), "link_type") == len(text)
    assert Lines("x", "").of(("hosts", "b"), "mac") is None
