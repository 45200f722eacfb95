"""Errors say where and why in one form."""

from __future__ import annotations

import pytest

from synack.errors import Damage, InputError, SynackError, UnknownInput, UsageError


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (Damage("a.pcap", "cut"), "a.pcap: cut"),
        (Damage("a.pcap", "cut", offset=0), "a.pcap, byte 0: cut"),
        (Damage("a.txt", "no row", line=3), "a.txt, line 3: no row"),
        (Damage("a.txt", "no row", 9, 3), "a.txt, line 3, byte 9: no row"),
    ],
)
def test_damage_in_words(damage: Damage, text: str) -> None:
    """Path, place, reason; offset 0 is a place."""
    assert str(damage) == text
    assert (
        str(InputError(damage.path, damage.reason, offset=damage.offset, line=damage.line)) == text
    )


def test_family() -> None:
    """One base; an unknown input is an input error, wrong usage is not."""
    unknown = UnknownInput("x", "not known", offset=4)
    assert isinstance(unknown, InputError)
    assert isinstance(unknown, SynackError)
    assert unknown.damage == Damage("x", "not known", 4)
    assert issubclass(UsageError, SynackError)
    assert not issubclass(UsageError, InputError)
