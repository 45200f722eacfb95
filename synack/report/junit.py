"""JUnit XML, as Jenkins, GitLab and others read it. Times are 0: the same input gives the same
bytes.

A diagnosis has one test case for each kind of finding, so that the history of a kind can
be followed over builds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from synack.model import FINDING_KINDS
from synack.report import checks, text
from synack.report.plain import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from synack.api import Diagnosis
    from synack.check.run import Result


class Test(NamedTuple):
    """One test case. ``kind``: "" (passed), ``failure`` or ``error``."""

    name: str
    kind: str = ""
    message: str = ""
    lines: Sequence[str] = ()


def suite(name: str, tests: Sequence[Test]) -> str:
    """The document. Every text may hold anything: what XML cannot carry is spelled out."""
    numbers = {
        "tests": str(len(tests)),
        "failures": str(sum(test.kind == "failure" for test in tests)),
        "errors": str(sum(test.kind == "error" for test in tests)),
    }
    root = ElementTree.Element("testsuites", {"name": name, **numbers, "time": "0"})
    inner = ElementTree.SubElement(
        root, "testsuite", {"name": name, **numbers, "skipped": "0", "time": "0"}
    )
    for test in tests:
        case = ElementTree.SubElement(
            inner,
            "testcase",
            {"classname": name.replace(" ", "."), "name": printable(test.name), "time": "0"},
        )
        content = "\n".join(printable(line) for line in test.lines)
        if test.kind:
            outcome = ElementTree.SubElement(
                case, test.kind, {"type": test.kind, "message": printable(test.message)}
            )
            outcome.text = content
        elif content:
            ElementTree.SubElement(case, "system-out").text = content
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def render(diagnosis: Diagnosis, failing: Collection[str]) -> str:
    """Findings of the ``failing`` kinds fail; others are told in a test that passes."""
    tests = []
    for kind in FINDING_KINDS:
        found = [finding for finding in diagnosis.findings if finding.kind == kind]
        lines = [line for f in found for line in (text.headline(f), *text.told(f))]
        fails = bool(found) and kind in failing
        message = "; ".join(finding.summary for finding in found)
        tests.append(Test(kind, "failure" if fails else "", message, lines))
    unreadable = diagnosis.unreadable
    others = [warning for warning in diagnosis.warnings if warning not in unreadable]
    tests.append(
        Test("inputs", "error" if unreadable else "", "; ".join(unreadable), [*unreadable, *others])
    )
    return suite("synack diagnose", tests)


_KINDS = {"as-expected": "", "different": "failure"}


def render_checks(results: Sequence[Result]) -> str:
    """One test case for each case; what could not be judged is an error."""
    return suite(
        "synack check",
        [
            Test(
                result.case.name,
                "" if result.updated else _KINDS.get(result.status, "error"),
                _message(result),
                checks.details(result),
            )
            for result in results
        ],
    )


def _message(result: Result) -> str:
    said = [str(reason) for reason in result.reasons]
    said += [f"expected {d.expected}, found {d.found}" for d in result.differences]
    more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
    return f"{said[0]}{more}" if said else ""
