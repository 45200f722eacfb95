"""New expectations: only what differs is written, and then all is as expected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.check.case import Case, read
from synack.check.compare import differences
from synack.check.run import Result, Status, check, find
from synack.check.update import update, updated

STALE = Path(__file__).parents[1] / "fixtures" / "stale-arp"
FULL = (
    '    {kind = "stale-neighbor", host = "broker-1", ip = "10.0.1.77",'
    ' stale_mac = "0a:de:ad:00:00:01", actual_mac = "0a:e6:f1:c2:6b:30",'
    ' confidence = "confirmed"},\n'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("update") / "a"
    shutil.copytree(STALE, place)
    return place


TABLE = [
    # Nothing expected yet.
    (
        'title = "x"\n',
        f"""title = "x"

[expect]
findings = [
{FULL}]
outcomes = {{completed = 70, syn-ack-lost = 6}}
exact = true
""",
    ),
    # Everything that is right stays, with its comments; so does what is wrong in form only.
    (
        """# top
title = "x"  # why
inputs = ["."]

[expect]
# about the findings
findings = [
    # the broker
    {kind = "stale-neighbor", ip = "10.0.1.78", confidence = ">=probable"},  # keep
    {kind = "refused", host = "q"},
    {kind = "duplicate-address", host = "q"},  # gone
]
absent = ["duplicate-address", "stale-neighbor"]  # none of them
outcomes = {completed = 60, refused = 1, "syn-ack-lost" = 6}  # counted
exact = true
# end
""",
        """# top
title = "x"  # why
inputs = ["."]

[expect]
# about the findings
findings = [
    # the broker
    {kind = "stale-neighbor", ip = "10.0.1.77", confidence = ">=probable"},  # keep
]
absent = ["duplicate-address"]  # none of them
outcomes = {completed = 70,  "syn-ack-lost" = 6}  # counted
exact = true
# end
""",
    ),
    (
        "[expect]\nfindings = []\nexact = true\n",
        f"[expect]\nfindings = [\n{FULL}]\nexact = true\n",
    ),
    ("[expect]\nexact = true\n", f"[expect]\nexact = true\nfindings = [\n{FULL}]\n"),
    (
        """[expect]
exact = true
[[expect.findings]]
kind = "refused"
[[expect.findings]]  # second
kind = "stale-neighbor"
sent = 3
first = 2026-11-23T14:58:48Z
last = 2026-11-23 14:58
[expect.outcomes]
completed = 60 # c
""",
        """[expect]
exact = true
[[expect.findings]]  # second
kind = "stale-neighbor"
sent = 60
first = 2026-11-23T14:58:48Z
last = "2026-11-23T14:59:51.644851106Z"
[expect.outcomes]
completed = 70 # c
syn-ack-lost = 6
""",
    ),
    (
        '[expect]\nexact = true\n[[expect.findings]]\nkind = "refused"\n',
        None,
    ),
    ('[expect]\nfindings = [{kind = "stale-neighbor", confidence = "<=possible"}]\n',
     '[expect]\nfindings = [{kind = "stale-neighbor", confidence = "confirmed"}]\n'),
    ('[expect]\nfindings = [{kind = "stale-neighbor", evidence = ["x"], survived_by = ["y"]}]\n',
     None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), TABLE)
def test_only_what_differs_is_written(folder, before, after):
    path = folder / "case.toml"
    path.write_text(before)
    (result,) = check(find([str(folder)]))
    assert update(result)
    assert result.updated
    if after is not None:
        assert path.read_text() == after
    (again,) = check(find([str(folder)]))
    assert (again.status, again.differences) == (Status.AS_EXPECTED, [])
    assert not update(again)


def test_what_cannot_be_judged_is_not_written(folder):
    path = folder / "case.toml"
    for text in ('titel = "x"\n', 'inputs = ["no.pcap"]\n', "x = \n"):
        path.write_text(text)
        (result,) = check(find([str(folder)]))
        assert not update(result)
        assert path.read_text() == text
    path.write_text('title = "x"\n')
    (folder / "more.pcap").write_bytes(b"")
    (result,) = check(find([str(folder)]))
    assert not update(result)
    assert path.read_text() == 'title = "x"\n'
    (folder / "more.pcap").unlink()


def test_a_linked_case_is_written_where_it_is(folder, tmp_path):
    shutil.copytree(STALE, tmp_path / "b")
    real = tmp_path / "real.toml"
    real.write_text("[expect]\noutcomes = {completed = 1}\n")
    (tmp_path / "b" / "case.toml").unlink()
    (tmp_path / "b" / "case.toml").symlink_to(real)
    (result,) = check(find([str(tmp_path / "b")]))
    assert update(result)
    assert (tmp_path / "b" / "case.toml").is_symlink()
    assert real.read_text() == "[expect]\noutcomes = {completed = 70,syn-ack-lost = 6}\n"


_FINDING = st.fixed_dictionaries(
    {"kind": st.sampled_from(["stale-neighbor", "refused", "no-reply"])},
    optional={
        "host": st.sampled_from(["broker-1", "b"]),
        "ip": st.sampled_from(["10.0.1.77", "10.0.1.78", ""]),
        "sent": st.integers(0, 2),
        "confidence": st.sampled_from(["confirmed", ">=probable", "<=possible"]),
        "first": st.sampled_from(["2026-11-23", "2026-11-23T14:58", ""]),
        "evidence": st.lists(st.sampled_from(["a", "b"]), max_size=2),
    },
).filter(lambda f: f.get("first") != "2026-11-23")
_EXPECT = st.fixed_dictionaries(
    {},
    optional={
        "findings": st.lists(_FINDING, max_size=3),
        "absent": st.lists(st.sampled_from(["stale-neighbor", "refused"]), max_size=2),
        "outcomes": st.dictionaries(
            st.sampled_from(["completed", "no-reply", "refused"]), st.integers(0, 2), max_size=3
        ),
        "exact": st.booleans(),
    },
)


def document(findings, outcomes):
    empty = dict.fromkeys(("ip", "stale_mac", "actual_mac", "first"))
    return {
        "findings": [
            empty | {"sent": None, "summary": "s", "host": "", "evidence": []} | finding
            | {"confidence": "probable", "first": finding.get("first") or None}
            | {"evidence": [{"id": e} for e in finding.get("evidence", [])]}
            for finding in findings
        ],
        "attempts": {"outcomes": outcomes},
    }  # fmt: skip


@given(
    _EXPECT,
    st.lists(_FINDING, max_size=3),
    st.dictionaries(
        st.sampled_from(["completed", "no-reply", "refused"]), st.integers(1, 2), max_size=3
    ),
    st.booleans(),
)
def test_what_is_written_is_as_expected(tmp_path_factory, expect, findings, outcomes, inline):
    """Whatever was expected, whatever is found, however it was spelled."""
    import tomlkit

    toml = tomlkit.document()
    toml["expect"] = tomlkit.inline_table() if inline else tomlkit.table()
    toml["expect"].update(expect)
    path = tmp_path_factory.mktemp("case", numbered=True) / "case.toml"
    path.write_text(tomlkit.dumps(toml))
    case = read(str(path))
    assert case.problems == []
    found = document(findings, outcomes)
    before = differences(case, found)
    text = updated(Result(case, Status.DIFFERENT, before, document=found))
    if not before:
        assert text == case.text
    path.write_text(text)
    after = read(str(path))
    assert after.problems == []
    assert differences(after, found) == []
    assert isinstance(after, Case)
