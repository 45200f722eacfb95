"""What a diagnosis says, beside what its case expects."""

from __future__ import annotations

from typing import Any, NamedTuple

from synack.check.case import LISTS, TIMES, Case, Expected, Key
from synack.model import CONFIDENCES, OUTCOMES

Found = dict[str, Any]
"""A finding as in ``diagnose --format json``."""


class Difference(NamedTuple):
    """One expectation that was not met. ``key`` says where in the ``case.toml``."""

    key: Key
    expected: str
    found: str


class Pair(NamedTuple):
    """An expected finding and the found one it is about: rows of the two lists, and the keys
    that differ."""

    expected: int
    found: int
    differing: tuple[str, ...]


def differences(case: Case, document: dict[str, Any]) -> list[Difference]:
    """Every difference, in the order of the case."""
    expect = case.expect
    assert expect is not None
    found: list[Found] = document["findings"]
    wanted = expect.findings or []
    pairs = pair(wanted, found)
    by_expected = {p.expected: p for p in pairs}
    says = []
    for number, expected in enumerate(wanted):
        at: Key = ("expect", "findings", number)
        if number not in by_expected:
            says.append(Difference(at, described(expected), "no such finding"))
            continue
        about = found[by_expected[number].found]
        says += [
            Difference((*at, key), shown(key, expected[key]), shown(key, plain(about, key)))
            for key in by_expected[number].differing
        ]
    for number, kind in enumerate(expect.absent):
        says += [
            Difference(("expect", "absent", number), f"no {kind}", told(finding))
            for finding in found
            if finding["kind"] == kind
        ]
    if expect.outcomes is not None:
        says += _outcomes(expect.outcomes, document["attempts"]["outcomes"])
    if expect.exact:
        explained = {p.found for p in pairs}
        says += [
            Difference(("expect", "exact"), "no other finding", told(finding))
            for number, finding in enumerate(found)
            if number not in explained and finding["kind"] not in expect.absent
        ]
    return says


def _outcomes(wanted: dict[str, int], found: dict[str, int]) -> list[Difference]:
    """An outcome that is not named must not occur."""
    return [
        Difference(
            ("expect", "outcomes", name) if name in wanted else ("expect", "outcomes"),
            f"{wanted.get(name, 0)} {name}",
            f"{found.get(name, 0)} {name}",
        )
        for name in OUTCOMES
        if wanted.get(name, 0) != found.get(name, 0)
    ]


def pair(wanted: list[Expected], found: list[Found]) -> list[Pair]:
    """Each expected finding with another found one, as many as can agree in full; what is
    left with the likest of the same kind. A loose expectation takes no finding that only a
    strict one fits."""
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        """Kuhn's augmenting path: take a fitting finding, moving who has it if that one can."""
        for row, finding in enumerate(found):
            if row in tried or differing(wanted[number], finding):
                continue
            tried.add(row)
            if row not in taken or place(taken[row], tried):
                taken[row] = number
                return True
        return False

    for number in range(len(wanted)):
        place(number, set())
    pairs = [Pair(number, row, ()) for row, number in taken.items()]
    matched = set(taken.values())
    near = []
    for number, expected in enumerate(wanted):
        for row, finding in enumerate(found):
            if number in matched or row in taken or expected["kind"] != finding["kind"]:
                continue
            keys = differing(expected, finding)
            near.append((len(keys), number, row, keys))
    rows = set(taken)
    for _, number, row, keys in sorted(near):
        if number not in matched and row not in rows:
            matched.add(number)
            rows.add(row)
            pairs.append(Pair(number, row, keys))
    return sorted(pairs)


def differing(expected: Expected, finding: Found) -> tuple[str, ...]:
    """The keys of an expectation that a finding does not meet."""
    return tuple(k for k, value in expected.items() if not _agrees(k, value, plain(finding, k)))


def plain(finding: Found, key: str) -> Any:
    """A value as a case spells it: evidence by its rules, "" for null."""
    if key == "evidence":
        return [evidence["id"] for evidence in finding[key]]
    value = finding[key]
    return "" if value is None else value


def _agrees(key: str, expected: Any, found: Any) -> bool:
    if key == "confidence":
        return _within(expected, found)
    if key in TIMES:
        return bool(found.startswith(expected)) if expected else not found
    if key in LISTS:
        return all(item in found for item in expected)
    return bool(expected == found)


def _within(bound: str, confidence: str) -> bool:
    grade = CONFIDENCES.index(confidence)
    if bound.startswith(">="):
        return grade >= CONFIDENCES.index(bound[2:])
    if bound.startswith("<="):
        return grade <= CONFIDENCES.index(bound[2:])
    return confidence == bound


def shown(key: str, value: Any) -> str:
    if isinstance(value, list):
        value = "; ".join(value)
    return f"{key} {value if value != '' else 'none'}"


def described(expected: Expected) -> str:
    """``stale-neighbor, host broker-1, ip 10.0.1.77``."""
    rest = [shown(key, value) for key, value in expected.items() if key != "kind"]
    return ", ".join([expected["kind"], *rest])


def told(finding: Found) -> str:
    """A found one in a line."""
    where = f" on {finding['host']}" if finding["host"] else ""
    return f"{finding['kind']}{where} ({finding['confidence']}): {finding['summary']}"
