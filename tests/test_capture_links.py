"""The link types that are understood."""

from __future__ import annotations

from synack.capture import links


def test_numbers_and_names() -> None:
    """As in https://www.tcpdump.org/linktypes.html."""
    assert links.LINK_TYPES[1] == "EN10MB"
    assert links.LINK_TYPES[links.SLL2] == "LINUX_SLL2"
    assert {links.LINK_TYPES[n] for n in (12, 14, 101)} == {"RAW"}
    assert len(links.LINK_TYPES) == 10
