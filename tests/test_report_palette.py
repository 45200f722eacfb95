"""Every outcome has a colour of its own."""

from __future__ import annotations

import re

from synack.model import OUTCOMES
from synack.report.palette import COLOURS, FAILED_FIRST


def test_every_outcome_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(OUTCOMES) == set(FAILED_FIRST)
    assert len(set(COLOURS.values())) == len(OUTCOMES)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in COLOURS.values())


def test_completed_comes_last() -> None:
    assert FAILED_FIRST[-1] == "completed"
