"""What a story may tell is in its reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.synth import story

README = Path(story.__file__).with_name("README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "choices",
    ["LINK_KINDS", "SERVICES", "LEGS", "LINK_TYPES", "CONTAINERS", "COMPRESSIONS", "DUMPS",
     "STATES", "MIRRORS", "DIRECTIONS"],
)  # fmt: skip
def test_the_reference_names_every_choice(choices):
    assert [word for word in getattr(story, choices) if word not in README] == []
