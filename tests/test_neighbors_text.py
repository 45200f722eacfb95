"""Bytes to clean lines: encodings, line ends, escape sequences, JSON objects."""

from __future__ import annotations

import pytest

from synack.neighbors.text import decode, pieces

ROW = "10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02 STALE"


@pytest.mark.parametrize(
    "data",
    [
        ROW.encode(),
        b"\xef\xbb\xbf" + ROW.encode(),
        ROW.encode("utf-16"),
        ROW.encode("utf-16-le"),
        ROW.encode("utf-16-be"),
        b"\xfe\xff" + ROW.encode("utf-16-be"),
        b"\0\0\0\0" + ROW.encode(),
        b"\x1b[35m10.0.0.2 \x1b[0mdev eth0 lladdr \x1b[1;33m0a:1b:2c:00:00:02 \x1b[mSTALE",
        b"\x1b]0;root@b1: ~\x07" + ROW.encode(),
        b"\x1b[?2004l" + ROW.encode(),
    ],
)
def test_decode(data: bytes) -> None:
    """The same row comes out of every wrapping."""
    assert decode(data) == ROW


def test_line_ends_and_damage() -> None:
    """CRLF, doubled CR and a lone CR end a line once; bad UTF-8 stays visible."""
    assert decode(b"a\r\nb\r\r\nc\rd") == "a\nb\nc\nd"
    assert decode(b"a\xffb") == "a\ufffdb"
    assert decode(b"") == ""


def test_pieces() -> None:
    """Lines are stripped and counted, empty ones skipped."""
    assert list(pieces("a \n\n  b\n")) == [(1, "a"), (3, "b")]


def test_list_pieces() -> None:
    """The lines of a PowerShell list are one piece, other lines of that shape are not."""
    text = "x\nIPAddress : 1\nLinkLayerAddress   : 2\n\nName : x\nOther : y\n"
    assert list(pieces(text)) == [
        (1, "x"),
        (2, "IPAddress : 1\nLinkLayerAddress   : 2"),
        (5, "Name : x"),
        (6, "Other : y"),
    ]


@pytest.mark.parametrize(
    "pager",
    ["--More--", " --More-- \b\b\b   \b\b\b", "---(more 45%)---\r      \r", "<--- More --->\r \r",
     "  ---- More ----\x1b[42D      \x1b[42D", "-- [Q quit|D dump|down]\r", "lines 1-22 \r"],
)  # fmt: skip
def test_pagers(pager: str) -> None:
    """What a pager asked and wiped out again; the line numbers stay."""
    assert list(pieces(decode(f"a\n{pager}b\n{pager}\nc\n".encode()))) == [
        (1, "a"), (2, "b"), (4, "c"),
    ]  # fmt: skip


def test_json_pieces() -> None:
    """Objects come one by one, whatever surrounds them; their line is where they begin."""
    text = '== 1\n[ {\n  "dst": "a"\n},{"dst":"b"}]\n[]\ntail\n{"dst":"c'
    assert list(pieces(text)) == [
        (1, "== 1"),
        (2, '{\n  "dst": "a"\n}'),
        (4, '{"dst":"b"}'),
        (6, "tail"),
        (7, '{"dst":"c'),
    ]
