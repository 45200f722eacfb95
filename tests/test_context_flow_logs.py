"""VPC flow logs, in columns."""

from __future__ import annotations

import gzip
import io
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from rows import rows

from synack.context import flow_logs
from synack.context.flow_logs import (
    ACTIONS,
    DIRECTIONS,
    STATUSES,
    is_flow_log,
    read_flow_log,
    read_flow_parquet,
)
from synack.context.reading import Reading
from synack.recognize import recognize
from synack.tables import NO_TIME

SECOND = 1_000_000_000
FLOW = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "packets", "bytes", "start", "end")

DEFAULT = """\
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 \
1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 \
1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA
2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA
2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK
"""
"""The examples of the Amazon VPC User Guide, "Flow log record examples"."""

CUSTOM = """\
version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport \
pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status flow-direction
5 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 \
123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.43 10.0.0.62 6 568 8 1566848875 \
1566848933 ACCEPT 2 OK ingress
5 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 \
123456789010 IPv4 10.0.0.62 52.213.180.42 5001 43416 10.0.0.62 52.213.180.43 6 376 7 1566848875 \
1566848933 REJECT 18 OK egress
"""
"""Likewise "TCP flag sequence", with a direction added."""


def read(data: bytes | str) -> Reading:
    content = data.encode() if isinstance(data, str) else data
    reading = read_flow_log("f", io.BytesIO(content).read, content[:4096])
    assert reading is not None
    return reading


def test_default_format() -> None:
    """Without a head; ``-`` is no value."""
    found = read(DEFAULT)
    at = [1418530010, 1418530070, 1431280876, 1431280934, 1477913708, 1477913820]
    ns = [second * SECOND for second in at]
    nothing = ("", -1, "", -1, -1, -1, -1)
    assert rows(found, *FLOW) == [
        ("172.31.16.139", 20641, "172.31.16.21", 22, 6, 20, 4249, *ns[:2]),
        ("172.31.9.69", 49761, "172.31.9.12", 3389, 6, 20, 4249, *ns[:2]),
        (*nothing, *ns[2:4]),
        (*nothing, *ns[2:4]),
        ("2001:db8:1234:a100:8d6e:3477:df66:f105", 34892,
         "2001:db8:1234:a102:3304:8879:34cf:4071", 22, 6, 54, 8855, *ns[4:]),
    ]  # fmt: skip
    assert [ACTIONS[row[0]] for row in rows(found, "action")] == [
        "ACCEPT",
        "REJECT",
        "",
        "",
        "ACCEPT",
    ]
    assert [STATUSES[row[0]] for row in rows(found, "status")] == [
        "OK", "OK", "NODATA", "SKIPDATA", "OK",
    ]  # fmt: skip
    assert set(rows(found, "direction", "tcp_flags", "pkt_src_ip")) == {(0, -1, "")}
    assert found.table["interface_id"].tolist()[3] == "eni-11111111aaaaaaaaa"
    assert found.table["line"].tolist() == [1, 2, 3, 4, 5]
    assert set(found.table["file"]) == {"f"}


def test_custom_format() -> None:
    """The head says the order; the packets' own addresses behind a gateway."""
    found = read(CUSTOM)
    assert rows(found, *FLOW[:5], "tcp_flags", "pkt_src_ip", "pkt_dst_ip", "line") == [
        ("52.213.180.42", 43416, "10.0.0.62", 5001, 6, 2, "52.213.180.43", "10.0.0.62", 2),
        ("10.0.0.62", 5001, "52.213.180.42", 43416, 6, 18, "10.0.0.62", "52.213.180.43", 3),
    ]
    assert [(ACTIONS[a], DIRECTIONS[d]) for a, d in rows(found, "action", "direction")] == [
        ("ACCEPT", "ingress"), ("REJECT", "egress"),
    ]  # fmt: skip


def test_times_of_cloudwatch() -> None:
    """An export puts the time before each record."""
    lines = "".join(f"2014-12-14T04:06:50.000Z {line}\n" for line in DEFAULT.splitlines())
    assert rows(read(lines), *FLOW) == rows(read(DEFAULT), *FLOW)


def test_unread() -> None:
    """Lines of another length are named; empty ones are none; numbers that cannot be are -1."""
    broken = DEFAULT.replace(" 22 6 20 ", " 99999 x 99999999999999999999 ", 1)
    text = broken + "\ngarbage\n\n" + DEFAULT.splitlines()[0] + " more\n" + DEFAULT
    found = read(text)
    assert found.table["line"].tolist() == [1, 2, 3, 4, 5, 10, 11, 12, 13, 14]
    assert [str(damage) for damage in found.unread] == [
        "f, line 7: 1 fields instead of 14", "f, line 9: 15 fields instead of 14",
    ]  # fmt: skip
    assert rows(found, "dst_port", "protocol", "packets")[0] == (-1, -1, -1)
    with_head = CUSTOM.replace("\n5 vpc", "\nbad\n5 vpc", 1)
    assert read(with_head).table["line"].tolist() == [3, 4]
    assert [damage.line for damage in read(with_head).unread] == [2]


def test_endless_line() -> None:
    """Said; what came before is kept."""
    found = read(DEFAULT.encode() + b"x" * (9 << 20) + b"\n" + DEFAULT.encode())
    assert len(found.table) == 5
    assert "reading stopped at record" in found.warnings[0]


def test_bytes_of_no_encoding() -> None:
    found = read(DEFAULT.encode().replace(b"172.31.9.69", b"\xff\xfe.\0.9"))
    assert rows(found, "src_ip")[:2] == [("172.31.16.139",), ("",)]


def test_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million records in columns, and not more than are kept."""
    data = DEFAULT.encode() * 200_000
    begin = time.process_time()
    found = read(data)
    assert time.process_time() - begin < 20
    assert len(found.table) == 1_000_000
    assert found.table["line"][-1] == 1_000_000
    monkeypatch.setattr(flow_logs, "MOST_FLOWS", 500_000)
    some = read(data)
    assert 0 < len(some.table) <= 500_000
    assert some.warnings == [f"f: only the first {len(some.table)} records were read"]


def write(path: Path, **columns: object) -> None:
    parquet.write_table(pa.table(columns), path)


def test_parquet(tmp_path: Path) -> None:
    """The types that AWS writes: integers and text; nulls; a column that is not wanted."""
    path = tmp_path / "flows.log.parquet"
    write(
        path,
        version=pa.array([2, 2], pa.int32()), interface_id=["eni-1", None],
        srcaddr=["10.0.1.77", None], dstaddr=["10.0.1.10", "-"],
        srcport=pa.array([40404, None], pa.int32()), dstport=pa.array([9092, None], pa.int32()),
        protocol=pa.array([6, None], pa.int32()), packets=pa.array([3, None], pa.int64()),
        bytes=pa.array([180, None], pa.int64()),
        start=pa.array([1418530010, 1431280876], pa.int64()),
        end=pa.array([1418530070, 1431280934], pa.int64()), action=["REJECT", None],
        log_status=["OK", "NODATA"], tcp_flags=pa.array([2, None], pa.int32()),
        flow_direction=["ingress", None], pkt_srcaddr=["10.0.1.77", None], other=[[1], [2]],
    )  # fmt: skip
    found = recognize(str(path))
    assert isinstance(found, Reading)
    assert found.kind == "VPC flow log, Parquet"
    assert rows(found, *FLOW, "line") == [
        ("10.0.1.77", 40404, "10.0.1.10", 9092, 6, 3, 180, 1418530010 * SECOND,
         1418530070 * SECOND, 1),
        ("", -1, "", -1, -1, -1, -1, 1431280876 * SECOND, 1431280934 * SECOND, 2),
    ]  # fmt: skip
    assert rows(found, "action", "status", "direction", "tcp_flags", "pkt_src_ip") == [
        (2, 1, 1, 2, "10.0.1.77"), (0, 2, 0, -1, ""),
    ]  # fmt: skip


def test_parquet_of_other_types(tmp_path: Path) -> None:
    """Whatever the columns are of: no value instead of a wrong one."""
    path = tmp_path / "x"
    write(path, srcaddr=pa.array([b"10.0.0.1"]), dstaddr=pa.array(["10.0.0.2"]).dictionary_encode(),
          srcport=["80"], dstport=[1.5], start=pa.array([5], pa.timestamp("s")), end=[[1]],
          packets=pa.array([2**64 - 1], pa.uint64()), action=[True])  # fmt: skip
    assert rows(read_flow_parquet("x", str(path)), *FLOW, "action") == [
        ("10.0.0.1", 80, "10.0.0.2", -1, -1, -1, -1, NO_TIME, NO_TIME, 0)
    ]
    write(path, temperature=[5])
    assert read_flow_parquet("x", str(path)) is None


def test_broken_parquet(tmp_path: Path) -> None:
    """Cut or overwritten anywhere: no rows, or what was read before, and it is said."""
    path = tmp_path / "x"
    write(path, srcaddr=["10.0.0.1"] * 100, dstaddr=["10.0.0.2"] * 100, start=list(range(100)))
    content = path.read_bytes()
    for place in range(0, len(content), 11):
        for broken in (content[:place], content[:place] + b"\xff" * 8 + content[place + 8 :]):
            path.write_bytes(broken)
            reading = read_flow_parquet("x", str(path))
            assert reading is None or len(reading.table) <= 100


def test_compressed(tmp_path: Path) -> None:
    """As they lie in S3; a cut is said."""
    path = tmp_path / "x.log.gz"
    packed = gzip.compress((CUSTOM + DEFAULT).encode())
    path.write_bytes(gzip.compress(CUSTOM.encode()))
    found = recognize(str(path))
    assert isinstance(found, Reading)
    assert len(found.table) == 2
    path.write_bytes(gzip.compress((DEFAULT * 500).encode())[:-20])
    cut = recognize(str(path))
    assert isinstance(cut, Reading)
    assert 0 < len(cut.table) < 2500
    assert any("cut" in warning for warning in cut.warnings)
    assert packed


@pytest.mark.parametrize(
    ("head", "told"),
    [(DEFAULT, True), (CUSTOM, True), (CUSTOM[:400], True), (CUSTOM[:100], False), ("", False),
     ("version\n", False), ("2 3 eni-x a b c", False), ("srcaddr dstaddr\n", True),
     ("\ufeff" + CUSTOM, True), ("srcaddr of dstaddr\n", False), ("a" * 5000, False)],
)  # fmt: skip
def test_recognised(head: str, told: bool) -> None:
    """By the fields in the head, or the shape of the first record."""
    assert is_flow_log(head.encode()) == told


@given(st.binary(max_size=200))
def test_anything_below_a_head(data: bytes) -> None:
    """Rows or named lines; never an exception."""
    reading = read(b"srcaddr dstaddr start\n" + data)
    assert len(reading.table) <= data.count(b"\n") + data.count(b"\r") + 1
