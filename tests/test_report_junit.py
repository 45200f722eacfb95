"""JUnit XML: well formed whatever is in it, and of the structure that CI servers expect."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import judged
from hypothesis import given
from hypothesis import strategies as st

import synack
from synack.model import FINDING_KINDS
from synack.report import junit
from synack.report.junit import Test as Case
from synack.report.plain import printable

ROOT = Path(__file__).parents[1]

# What Jenkins' xunit plugin (junit-10.xsd) allows of what we write: required and optional
# attributes, and elements inside.
ALLOWED = {
    "testsuites": ({"name"}, {"time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time"}, {"testcase"}),
    "testcase": ({"name"}, {"classname", "time"}, {"failure", "error", "system-out"}),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def valid(text: str) -> ElementTree.Element:
    """Parsed, with every rule of the structure checked."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, optional, inside = ALLOWED[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= inside
        assert element.attrib.get("time", "0") == "0"
    (suite,) = root
    for counted in (root, suite):
        assert int(counted.attrib["tests"]) == len(suite)
        assert int(counted.attrib["failures"]) == len(root.findall(".//failure"))
        assert int(counted.attrib["errors"]) == len(root.findall(".//error"))
    return root


def states(root: ElementTree.Element) -> dict[str, list[str]]:
    return {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}


def test_a_diagnosis_is_as_reviewed(golden, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = junit.render(synack.diagnose("fixtures/stale-arp"), FINDING_KINDS)
    valid(text)
    golden("stale-arp.junit", text)


def test_only_the_kinds_that_should_fail_do(monkeypatch):
    monkeypatch.chdir(ROOT)
    diagnosis = synack.diagnose("fixtures/stale-arp")
    for failing, tags in ((FINDING_KINDS, ["failure"]), (["refused"], ["system-out"])):
        found = states(valid(junit.render(diagnosis, failing)))
        assert [name for name, tags in found.items() if tags] == ["stale-neighbor"]
        assert found["stale-neighbor"] == tags
        assert tuple(found) == (*FINDING_KINDS, "inputs")


def test_what_cannot_be_read_is_an_error():
    root = valid(junit.render(synack.diagnose(ROOT / "fixtures" / "refused", "missing"), ()))
    assert states(root)["inputs"] == ["error"]
    assert root.find(".//error").attrib["message"] == "missing: no such file or folder"


def test_judged_cases_are_valid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = states(valid(junit.render_checks(judged.judged(tmp_path))))
    assert found == {
        "a-different": ["failure"],
        "b-as-expected": [],
        "c-wrong-keys": ["error"],
        "d-nothing-expected": ["error"],
        printable(judged.HOSTILE): ["failure"],
        "f-unreadable": ["error"],
    }


def test_a_hostile_name_stays_a_name(tmp_path):
    name = "broker-1\x01]]><evil>&lt;\x1b\ufffe-eth0.pcap"
    shutil.copy(ROOT / "fixtures" / "stale-arp" / "broker-1-eth0.pcap", tmp_path / name)
    root = valid(junit.render(synack.diagnose(tmp_path), FINDING_KINDS))
    assert "broker-1\\x01]]><evil>&lt;\\x1b\\ufffe" in root.find(".//failure").text


@given(
    st.text(min_size=1),
    st.lists(
        st.builds(
            Case,
            st.text(),
            st.sampled_from(["", "failure", "error"]),
            st.text(),
            st.lists(st.text(), max_size=3),
        ),
        max_size=4,
    ),
)
def test_any_text_comes_back(name, tests):
    root = valid(junit.suite(printable(name), tests))
    for test, case in zip(tests, root.iter("testcase"), strict=True):
        assert case.attrib["name"] == printable(test.name)
        content = "\n".join(printable(line) for line in test.lines)
        if test.kind:
            (outcome,) = case
            assert outcome.tag == test.kind
            assert outcome.attrib["message"] == printable(test.message)
            assert (outcome.text or "") == content
        else:
            assert [child.text for child in case] == ([content] if content else [])
