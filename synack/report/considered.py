"""The other causes that a finding was told from, few enough lines to read."""

from __future__ import annotations

from typing import NamedTuple

from synack.model import VERDICTS, Alternative, Finding, Source


class Considered(NamedTuple):
    """Causes of one verdict for one reason."""

    verdict: str
    causes: tuple[str, ...]
    says: str
    sources: tuple[Source, ...]


def considered(finding: Finding) -> list[Considered]:
    """What could not be excluded first; one for all causes that the same thing excludes."""
    groups: dict[tuple[int, str], list[Alternative]] = {}
    for alternative in finding.alternatives:
        key = VERDICTS.index(alternative.verdict), alternative.says
        groups.setdefault(key, []).append(alternative)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], -len(group[1])))
    return [
        Considered(VERDICTS[verdict], tuple(a.cause for a in found), says, found[0].sources)
        for (verdict, says), found in ordered
    ]
