"""The Python interface: frames with the promised columns and dtypes."""

from __future__ import annotations

import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import build
import synack
from synack.errors import UsageError

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def diagnosis():
    return synack.diagnose(FIXTURES / "stale-arp")


def test_frames(diagnosis):
    assert len(diagnosis.attempts) == 76
    assert str(diagnosis.attempts["first"].dtype) == "datetime64[ns, UTC]"
    assert str(diagnosis.segments["time"].dtype) == "datetime64[ns, UTC]"
    assert str(diagnosis.neighbors["at"].dtype) == "datetime64[ns, UTC]"
    assert str(diagnosis.attempts["rtt_ns"].dtype) == "Int64"
    assert set(diagnosis.clocks["grade"]) == {"accurate"}
    assert "broker-1" in set(diagnosis.captures["host"])


def test_ownership_and_history_have_frames(diagnosis):
    owners = diagnosis.ownership
    mine = owners[owners["ip"] == "10.0.1.77"]
    assert set(mine.loc[mine["kind"] == "own-frames", "mac"]) == {"0a:e6:f1:c2:6b:30"}
    assert str(owners["until"].dtype) == "datetime64[ns, UTC]"
    entry = diagnosis.history[diagnosis.history["ip"] == "10.0.1.77"]
    assert list(entry["mac"]) == ["0a:de:ad:00:00:01", "0a:e6:f1:c2:6b:30"]
    assert list(entry["kind"]) == ["table", "arp"]
    assert entry["until"].iloc[0] == entry["first"].iloc[1]


def test_wide_attempts_have_more_columns(diagnosis):
    """The same rows, and the same columns first."""
    narrow, wide = diagnosis.attempts, diagnosis.attempts_wide
    assert list(wide.columns[: len(narrow.columns)]) == list(narrow.columns)
    assert wide[list(narrow.columns)].equals(narrow)
    assert str(wide["last"].dtype) == "datetime64[ns, UTC]"
    assert str(wide["syn_lost"].dtype) == "Int64"


def test_segments_point_to_attempts(diagnosis):
    """The attempt column of segments is the row of attempts."""
    row = diagnosis.segments.dropna(subset=["attempt"]).iloc[0]
    attempt = diagnosis.attempts.iloc[row["attempt"]]
    assert {row["src"], row["dst"]} == {attempt["client"], attempt["server"]}


def test_transmissions_are_those_of_the_attempts(diagnosis):
    """What each has sent, lost and received, told again one by one."""
    sent = diagnosis.transmissions
    assert str(sent["sent_at"].dtype) == str(sent["arrived_at"].dtype) == "datetime64[ns, UTC]"
    answers = sent[(sent["leg"] == "syn-ack") & sent["sent_frame"].notna()]
    expected = diagnosis.attempts_wide["syn_ack_sent"]
    assert answers.groupby("attempt").size().sum() == expected.sum()
    lost = answers[answers["fate"] == "lost"]
    assert len(lost) == 60
    assert set(lost["sent_dst_mac"]) == {"0a:de:ad:00:00:01"}
    assert set(lost["vanished_before"]) == {"producer-7"}
    assert lost["arrived_at"].isna().all()
    assert set(sent["sender"]) == {"client", "server"}
    row = sent.iloc[0]
    frames = diagnosis.segments.set_index(["file", "frame"])
    assert (
        frames.loc[row["arrived_file"], row["arrived_frame"]]["src_mac"] == row["arrived_src_mac"]
    )


def test_findings_are_objects_with_sources(diagnosis):
    (finding,) = diagnosis.findings
    assert isinstance(finding, synack.Finding)
    assert finding.evidence[0].sources[0].frame >= 1
    assert repr(diagnosis) == "<Diagnosis: 76 attempts, stale-neighbor on broker-1>"


def test_nothing_to_read_is_said_not_raised(tmp_path):
    diagnosis = synack.diagnose(tmp_path / "missing")
    assert diagnosis.findings == []
    assert diagnosis.errors == [f"{tmp_path}/missing: no such file or folder"]


def test_no_path_is_wrong_usage():
    with pytest.raises(UsageError):
        synack.diagnose()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = synack.nonsense


def test_importing_synack_imports_nothing_heavy():
    code = "import sys, synack; print(sorted({'numpy','pandas','dpkt','typer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", synack.__all__)
def test_every_public_name_is_documented(name):
    """With all that it has."""
    public = getattr(synack, name)
    assert inspect.getdoc(public)
    if inspect.isclass(public):
        own = {n: v for n, v in vars(public).items() if not n.startswith("_")}
        members = [n for n, v in own.items() if callable(v) or hasattr(v, "__get__")]
        assert [n for n in members if not (inspect.getdoc(own[n]) or "").strip()] == []


def test_as_in_a_script(tmp_path):
    """The same file that is type-checked."""
    script = Path(__file__).parent / "typing" / "api.py"
    main = runpy.run_path(str(script))["main"]
    says = main(str(FIXTURES / "stale-arp"), str(tmp_path))
    assert says[0].startswith("broker-1 eth0: 10.0.1.77 is cached as")
    assert says.count("0a:de:ad:00:00:01") == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ladder.svg", "matrix.svg", "ownership.svg", "timeline.svg"]  # fmt: skip


def test_a_ladder_of_what_is_not_there(tmp_path):
    with pytest.raises(IndexError, match="no attempt 0: there are 0"):
        synack.diagnose(tmp_path / "missing").plot_ladder()


def test_why_the_command_would_end_with_3(tmp_path):
    assert synack.diagnose(FIXTURES / "stale-arp").unreadable == []
    assert synack.diagnose(FIXTURES / "stale-arp", "missing").unreadable == [
        "missing: no such file or folder"
    ]
    wifi = tmp_path / "wifi.pcap"
    wifi.write_bytes(build.pcap([(0, b"\0" * 30)], link_type=127))
    assert synack.diagnose(FIXTURES / "stale-arp", wifi).unreadable == [
        f"{wifi}: link type 127 is not understood"
    ]
    (tmp_path / "empty.pcap").write_bytes(build.pcap([]))
    assert synack.diagnose(tmp_path / "empty.pcap").unreadable == [
        "nothing could be concluded: no handshake and no neighbor entry in these files"
    ]
