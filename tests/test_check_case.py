"""case.toml: every key is checked, and what is wrong is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.check.case import LARGEST, Expectation, line_of, read, spelled
from synack.model import CONFIDENCES, FINDING_KINDS, OUTCOMES

ROOT = Path(__file__).parents[1]


def write(folder: Path, text: str | bytes):
    path = folder / "case.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(str(path))


def said(case) -> list[str]:
    """Without the path: ``2: inputs[0]: not a string``."""
    return [f"{problem.line}: {problem.reason}" for problem in case.problems]


def test_everything_that_can_be_expected(tmp_path):
    case = write(tmp_path, """
title = "t"
inputs = ["."]
[expect]
findings = [{kind = "stale-neighbor", host = "broker-1", interface = "eth0", ip = "FD00:0::1",
             stale_mac = "0A-DE-AD-0-0-1", actual_mac = "", confidence = ">= probable",
             next_hop = "host", leg = "syn-ack", attempts = 1, sent = 2, received = 0,
             first = 2026-09-16T14:02:11.123456789Z, last = "2026-09-16 14:02", healed = "",
             survived_by = ["a"], summary = "s", evidence = ["e"], remedy = []}]
absent = ["refused"]
outcomes = {completed = 20, "syn-ack-lost" = 6}
exact = true
""")  # fmt: skip
    assert case.problems == []
    assert (case.title, case.inputs, case.name) == ("t", [str(tmp_path)], tmp_path.as_posix())
    assert case.expect == Expectation(
        [
            {
                "kind": "stale-neighbor",
                "host": "broker-1",
                "interface": "eth0",
                "ip": "fd00::1",
                "stale_mac": "0a:de:ad:00:00:01",
                "actual_mac": "",
                "confidence": ">=probable",
                "next_hop": "host",
                "leg": "syn-ack",
                "attempts": 1,
                "sent": 2,
                "received": 0,
                "first": "2026-09-16T14:02:11.123456789",
                "last": "2026-09-16T14:02",
                "healed": "",
                "survived_by": ["a"],
                "summary": "s",
                "evidence": ["e"],
                "remedy": [],
            }
        ],
        ["refused"],
        {"completed": 20, "syn-ack-lost": 6},
        True,
    )


def test_what_is_left_out_is_not_asked_for(tmp_path):
    case = write(tmp_path, "[expect]\n")
    assert case.problems == []
    assert case.inputs == [str(tmp_path)]
    assert case.expect == Expectation(None, [], None, False)
    assert write(tmp_path, "").expect is None


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("title = 1", ["1: title: not a string"]),
        ('titel = "x"', ["1: titel: unknown key; there are title, inputs, expect"]),
        ('\n[expected]\nx = 1', ["2: expected: unknown key; there are title, inputs, expect"]),
        ('inputs = "."', ["1: inputs: not a list"]),
        ("inputs = []", ["1: inputs: names nothing"]),
        ('inputs = [\n ".",\n 3]', ["3: inputs[1]: not a string"]),
        ('inputs = ["-"]', ["1: inputs[0]: no file or folder: '-'"]),
        ('inputs = ["a\\u0000"]', ["1: inputs[0]: no file or folder: 'a\\x00'"]),
        ('inputs = [".",\n"no.pcap"]', ["2: inputs[1]: no such file or folder: 'no.pcap'"]),
        ('inputs = ["h=no.pcap"]', ["1: inputs[0]: no such file or folder: 'h=no.pcap'"]),
        ('inputs = ["*.gz"]', ["1: inputs[0]: no such file or folder: '*.gz'"]),
        ("expect = 1", ["1: expect: not a table"]),
        (
            "[expect]\nexakt = true",
            ["2: expect.exakt: unknown key; there are findings, absent, outcomes, exact"],
        ),
        ("[expect]\nexact = 1", ["2: expect.exact: neither true nor false"]),
        ('[expect]\nabsent = "refused"', ["2: expect.absent: not a list"]),
        (
            '[expect]\nabsent = ["refused", "lost"]',
            [f"2: expect.absent[1]: no 'lost'; there are {', '.join(FINDING_KINDS)}"],
        ),
        ("[expect]\nfindings = 1", ["2: expect.findings: not a list of tables"]),
        ("[expect]\nfindings = [1]", ["2: expect.findings[0]: not a table"]),
        ("[expect]\nfindings = [{}]", ["2: expect.findings[0]: without a kind"]),
        (
            '[expect]\nfindings = [\n{kind = "refuse"}]',
            [f"3: expect.findings[0].kind: no 'refuse'; there are {', '.join(FINDING_KINDS)}"],
        ),
        (
            '[[expect.findings]]\nkind = "refused"\n[[expect.findings]]\nip="x"\nkind = "refused"',
            ["4: expect.findings[1].ip: 'x' is no IP address"],
        ),
        (
            '[expect]\nfindings = [{kind = "refused", stale_mac = "0a:de"}]',
            ["2: expect.findings[0].stale_mac: '0a:de' is no MAC"],
        ),
        (
            '[expect]\nfindings = [{kind = "refused",\n confidence = ">sure"}]',
            [
                "3: expect.findings[0].confidence: '>sure' is none of"
                f" {', '.join(CONFIDENCES)}, nor one after >= or <="
            ],
        ),
        (
            '[expect]\nfindings = [{kind = "refused", sent = true, received = -1}]',
            [
                "2: expect.findings[0].sent: not a number of 0 or more",
                "2: expect.findings[0].received: not a number of 0 or more",
            ],
        ),
        (
            '[expect]\nfindings = [{kind = "refused", first = 3, last = "noon"}]',
            [
                "2: expect.findings[0].first: not a time",
                "2: expect.findings[0].last: 'noon' is no time in UTC such as"
                " 2026-09-16T14:02:11Z",
            ],
        ),
        (
            '[expect]\nfindings = [{kind = "refused", first = 2026-09-16T14:02:11+02:00}]',
            [
                "2: expect.findings[0].first: '2026-09-16T14:02:11+02:00' is no time in UTC such"
                " as 2026-09-16T14:02:11Z"
            ],
        ),
        (
            '[expect]\nfindings = [{kind = "refused", evidence = "x", remedy = [1]}]',
            [
                "2: expect.findings[0].evidence: not a list",
                "2: expect.findings[0].remedy: not a string",
            ],
        ),
        ("[expect]\noutcomes = 1", ["2: expect.outcomes: not a table"]),
        (
            "[expect.outcomes]\ncompleted = 1\nlost = 1",
            [f"3: expect.outcomes.lost: unknown outcome; there are {', '.join(OUTCOMES)}"],
        ),
        (
            "[expect]\noutcomes = {completed = 1.5}",
            ["2: expect.outcomes.completed: not a number of 0 or more"],
        ),
        ('x = "a\n', ["1: not valid TOML: "]),
        ("a = 1\na = 2\n", ["2: not valid TOML: "]),
        ("a = 1\n[b\n", ["2: not valid TOML: "]),
        (b"title = '\xff'", ["None: not UTF-8"]),
        ("#" * (LARGEST + 1), [f"None: larger than {LARGEST} bytes"]),
        ("a = " + "[" * 100_000, ["1: not valid TOML: "]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, problems):
    found = said(write(tmp_path, text))
    assert len(found) == len(problems)
    for one, other in zip(found, problems, strict=True):
        assert one.startswith(other) if other.endswith(": ") else one == other


def test_all_that_is_wrong_is_named(tmp_path):
    case = write(tmp_path, "x = 1\ninputs = [1, 2]\n[expect]\nexact = 1\n")
    assert len(case.problems) == 4
    assert all(problem.path == str(tmp_path / "case.toml") for problem in case.problems)


def test_what_cannot_be_opened(tmp_path):
    assert said(read(str(tmp_path / "case.toml"))) == ["None: No such file or directory"]
    (tmp_path / "case.toml").mkdir()
    assert said(read(str(tmp_path / "case.toml"))) == ["None: Is a directory"]


@pytest.mark.parametrize(
    ("folder", "file", "given", "taken"),
    [
        ("a", "x.pcap", "x.pcap", "a/x.pcap"),
        ("a", "x.pcap", ".", "a"),
        ("a", "b/x.pcap", "b", "a/b"),
        ("a", "x.pcap", "../a/x.pcap", "a/x.pcap"),
        ("a", "x.pcap", "*.pcap", "a/*.pcap"),
        ("a", "x.pcap", "kafka=x.pcap", "kafka=a/x.pcap"),
        ("a", "x.pcap", "10.0.0.1=*.pcap", "10.0.0.1=a/*.pcap"),
        ("a", "k=x.pcap", "k=x.pcap", "a/k=x.pcap"),
        ("[a]", "x.pcap", "*.pcap", "[[]a]/*.pcap"),
        ("[a]", "x.pcap", "x.pcap", "[a]/x.pcap"),
        ("h=a", "x.pcap", "x.pcap", "./h=a/x.pcap"),
        ("-a", "x.pcap", "x.pcap", "./-a/x.pcap"),
    ],
)
def test_inputs_are_paths_from_the_folder(tmp_path, monkeypatch, folder, file, given, taken):
    """As the command takes them from the current folder, and it finds the file there."""
    from synack.incident.collect import collect

    monkeypatch.chdir(tmp_path)
    place = tmp_path / folder / file
    place.parent.mkdir(parents=True)
    place.write_text("")
    (tmp_path / folder / "case.toml").write_text(f'inputs = ["{given}"]\n')
    case = read(f"{folder}/case.toml")
    assert case.problems == []
    assert case.inputs == [taken]
    sources = collect(case.inputs).sources
    assert [Path(s.path).resolve() for s in sources] == [place.resolve()]
    host, equals, _ = given.partition("=")
    assert sources[0].host_given == bool(equals and file != given)
    assert not sources[0].host_given or sources[0].host == host


@pytest.mark.parametrize("path", sorted(ROOT.glob("fixtures/*/case.toml")), ids=str)
def test_lines_are_those_of_the_file(path):
    """A key that is looked up is on the line that is said."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    case = read(str(path))
    assert case.problems == []
    for key in ("findings", "absent", "outcomes", "exact"):
        line = case.line(("expect", key))
        assert line is None or key in lines[line - 1]
        assert (line is None) == (f"\n{key} = " not in text and f"expect.{key}]" not in text)
    for number, finding in enumerate(case.expect.findings):
        for key, value in finding.items():
            line = lines[case.line(("expect", "findings", number, key)) - 1]
            assert key in line
            assert str(value).replace("'", '"') in line


def test_lines_of_tables_are_those_of_their_headers():
    text = "a = 1\n[expect]\nexact = true\n[[expect.findings]]\nkind = 'x'\n"
    text += "\n[[expect.findings]]\nkind = 'y'\n[expect.outcomes]\ncompleted = 1\n"
    for key, line in (
        (("expect",), 2),
        (("expect", "findings"), 4),
        (("expect", "findings", 0), 4),
        (("expect", "findings", 1), 7),
        (("expect", "findings", 1, "kind"), 8),
        (("expect", "outcomes"), 9),
        (("expect", "outcomes", "completed"), 10),
    ):
        assert line_of(text, key) == line


def test_a_key_that_is_not_there_has_no_line():
    assert line_of("a = 1\n", ("b", "c")) is None
    assert line_of("a = [1]\n", ("a", 3)) is None
    assert line_of("mark = 1\na = 'mark0'\nb = 1\n", ("b",)) == 3


def test_spelled():
    assert spelled(("expect", "findings", 0, "kind")) == "expect.findings[0].kind"
    assert spelled(("expect", "a b\n")) == "expect.'a b\\n'"


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_case_or_a_problem(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("case", numbered=True)
    case = write(folder, content)
    assert case.problems or case.inputs


_VALUES = st.recursive(
    st.sampled_from(["1", "-1", "true", '"x"', '""', "1.5", "2026-01-01", "07:32:00", "inf"])
    | st.sampled_from([f'"{word}"' for word in (*FINDING_KINDS[:2], *CONFIDENCES, "0a:0:0:0:0:0")]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]")
        | st.dictionaries(
            st.sampled_from(["kind", "ip", "confidence", "first", "completed", "other"]),
            inner,
            max_size=3,
        ).map(lambda d: f"{{{', '.join(f'{k} = {v}' for k, v in d.items())}}}")
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["title", "inputs", "expect", "other"]), _VALUES, max_size=4),
    st.dictionaries(
        st.sampled_from(["findings", "absent", "outcomes", "exact", "other"]), _VALUES, max_size=4
    ),
)
def test_any_types_are_a_case_or_problems_with_lines(tmp_path_factory, top, expect):
    top.pop("expect", None) if expect else None
    text = "".join(f"{key} = {value}\n" for key, value in top.items())
    text += "[expect]\n" * bool(expect)
    text += "".join(f"{key} = {value}\n" for key, value in expect.items())
    case = write(tmp_path_factory.mktemp("case", numbered=True), text)
    lines = text.splitlines()
    for problem in case.problems:
        assert problem.line is not None
        last = problem.reason.split(":")[0].split(".")[-1].split("[")[0]
        assert last in lines[problem.line - 1] or last == "inputs"
