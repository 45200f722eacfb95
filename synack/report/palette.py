"""Colours of outcomes, told apart also without red and green (after Okabe and Ito, 2008)."""

from __future__ import annotations

from synack.model import OUTCOMES

COLOURS = {
    "completed": "#8ccfb5",
    "syn-lost": "#e69f00",
    "no-reply": "#0072b2",
    "syn-ack-lost": "#d55e00",
    "ack-lost": "#cc79a7",
    "refused": "#56b4e9",
    "rejected": "#8b7fd1",
    "unreachable": "#8c6d31",
    "challenged": "#5b2a86",
    "unanswered": "#b8860b",
    "unacknowledged": "#a8623a",
    "inconclusive": "#9aa0a6",
}
"""By outcome. ``completed`` is pale: what failed is what one looks for."""

FAILED_FIRST = (*(outcome for outcome in OUTCOMES if outcome != "completed"), "completed")
