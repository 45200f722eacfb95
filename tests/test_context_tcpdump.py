"""tcpdump's own words about what it lost."""

from pathlib import Path

import pytest

from synack.context.tcpdump import TcpdumpLog, read_tcpdump_log

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"

LISTENING = b"tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 128 bytes\n"
COUNTS = b"29 packets captured\n33 packets received by filter\n%d packets dropped by kernel\n"


@pytest.mark.parametrize(
    ("data", "log"),
    [
        (LISTENING + COUNTS % 0, TcpdumpLog("eth0", 0)),
        (LISTENING + COUNTS % 7, TcpdumpLog("eth0", 7)),
        (COUNTS % 3 + b"2 packets dropped by interface\n", TcpdumpLog("", 5)),
        (LISTENING, TcpdumpLog("eth0", None)),
        (b"1 packet captured\n", TcpdumpLog("", None)),
        (b"", None),
        (b"the packets captured 3 flags\n", None),
        (b"\xff\xfe\0", None),
    ],
)
def test_read(data, log):
    assert read_tcpdump_log(data) == log


def test_real_logs():
    assert read_tcpdump_log((SAMPLES / "tcpdump-eth0.stderr.txt").read_bytes()) == ("eth0", 0)
    assert read_tcpdump_log((SAMPLES / "tcpdump-any.stderr.txt").read_bytes()) == ("any", 0)
