"""Every capture of the shared corpus against what tshark counted; other formats by name.

The corpus' manifest holds, per file, the frames tshark 4.0 numbered, the earliest and
latest time, and the link types. The tables below are the complete list of differences,
each with its reason.
"""

from __future__ import annotations

import csv
import functools
import io
import struct
from decimal import Decimal
from pathlib import Path

import pytest

import build
from synack.capture.reader import NO_TIME, Record, open_capture
from synack.errors import InputError

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = SHARED / "corpus"

LINK_TYPES = {
    "NULL": 0, "EN10MB": 1, "TOKENRING": 6, "SLIP": 8, "PPP": 9, "FDDI": 10, "RAW(12)": 12,
    "PPP_SERIAL": 50, "RAW": 101, "C_HDLC": 104, "802.11": 105, "FRELAY": 107,
    "LINUX_SLL": 113, "802.11+radiotap": 127, "ARCNET_LINUX": 129, "PPI": 192,
    "IPV4": 228, "IPV6": 229, "NFLOG": 239, "LINUX_LAPD?/274": 274, "LINUX_SLL2": 276,
}  # fmt: skip

UNKNOWN_TO_TSHARK = "tshark does not know the link type; as many as tcpdump --count says"
FRAMES = {
    "damaged/libpcap-filter-brcm-tag-stp.pcap": (4, UNKNOWN_TO_TSHARK),
    "damaged/libpcap-filter-brcm-tag.pcap": (15, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-brcm-tag.pcap": (23, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-edsa-high-vid.pcap": (4, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-edsa.pcap": (10, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-frf16_magic_ie-oobr.pcap": (1, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-vtp_asan-2.pcap": (1, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-vtp_asan-3.pcap": (1, UNKNOWN_TO_TSHARK),
    "damaged/tcpdump-vtp_asan.pcap": (5, UNKNOWN_TO_TSHARK),
    "damaged/sv-bug-6875-01-fuzz.pcap": (
        1,
        "tshark guesses at another record layout and shows a frame of nonsense; libpcap ends here",
    ),
}
"""Frames where they are not those of the manifest, and why."""

WITHOUT_PACKET = {
    f"format/pcapngtest-output_{order}-{name}.pcapng": count
    for order in ("be", "le")
    for name, count in {
        "advanced-test102": 3,
        "basic-test017": 4,
        "basic-test018": 4,
        "difficult-test202": 3,
    }.items()
}
"""Frames that Wireshark numbers but that hold no packet (custom blocks): numbers without a
record."""

FRACTION = "a fraction of several seconds: tshark's 32 bits of nanoseconds overflow"
TIMES = {
    "damaged/ndpi-fuzz-2021-10-13.pcap": FRACTION,
    "linktype/tcpflow-bug8.pcap": FRACTION,
    "notcp/nfstream-fuzz-2021-06-07-c6c72a0a56.pcap": FRACTION,
    "damaged/sv-bug-6875-01-fuzz.pcap": "the frame of nonsense, see FRAMES",
}
"""Files whose times are not those of the manifest, and why."""

CUT = "cut in record 2: 2 of 16 header bytes present"
DAMAGED = {
    "damaged/gopacket-pcapgo-be-test901.pcapng": "pcapng version 2.0 is not supported",
    "damaged/ndpi-fuzz-2021-10-13.pcap": CUT,
    "damaged/sv-bug-6875-01-fuzz.pcap": "record 2 claims 1409179648 bytes, more than 262144",
}
"""Files that are read up to a damage; tshark ends there too, but for the nonsense in FRAMES."""

SURVIVED = {"damaged/pypcapng-test_data-test006.ntar": ["block length 167 is not a multiple of 4"]}
"""Files with a record that is passed over or put right."""

RESERVED = "reserved bits set"  # tshark: "network type reserved field not zero"
TEXT = "not a pcap or pcapng file: text, beginning "
ERF = "not a pcap or pcapng file: probably an ERF (Endace) capture"
REFUSED = {
    "damaged/libpcap-pcap-invalid-version-1.pcap": "pcap version 1.4 is not supported",
    "damaged/libpcap-pcapng-invalid-vers-1.pcapng": "pcapng version 0.1 is not supported",
    # tshark finds a bad option in that block, libpcap the trailer.
    "damaged/libpcap-shb-option-too-long.pcapng": "says length 52 before and 808464432 after",
    # tshark reads the one packet of this version that never was; libpcap refuses.
    "format/libpcap-pcap-invalid-version-2.pcap": "pcap version 2.5 is not supported",
    "notpcap/nfstream-results-one_flow_16_19.pcap": TEXT + "'id,bidirectional_packets",
    "notpcap/pcapgraph-files-test_dir-test_dir.pcap": TEXT + "'This file exists for",
    "notpcap/tcptrace-README.pcap": TEXT + "'Mon Jul 14, 1997'",
    "notpcap/wireshark-cose_encrypt0_tagged.cbordiag": TEXT,
    "notpcap/wireshark-dtn_udpcl_bpv7_bpsec_bib_admin.cbordiag": TEXT,
    # tshark reads ERF.
    "notpcap/tcptrace-eth.erf": ERF,
    "notpcap/trex-dns_rxcheck-ex.erf": ERF,
} | {
    f"damaged/ns3-ns3tcp-response-vectors-ns3tcp-{name}-response-vectors.pcap": RESERVED
    for name in (
        "loss-NewReno0", "loss-NewReno2", "loss-WestwoodPlus2", "loss-WestwoodPlus3",
        "state1", "state4", "state5", "state7",
    )
}  # fmt: skip
"""Files of which nothing is read, and what is said of them."""


@functools.cache
def manifest() -> dict[str, dict[str, str]]:
    path = CORPUS / "MANIFEST.tsv"
    if not path.is_file():
        return {}
    with path.open(newline="") as lines:
        return {row["file"]: row for row in csv.DictReader(lines, delimiter="\t")}


def readable() -> list[str]:
    return [name for name in manifest() if name not in REFUSED]


def test_corpus_is_there() -> None:
    """Without the corpus the sweep would pass by checking nothing."""
    assert manifest(), "the shared corpus is missing: ../shared/corpus beside the project"
    listed = set(FRAMES) | set(WITHOUT_PACKET) | set(TIMES) | set(DAMAGED) | set(SURVIVED)
    assert listed | set(REFUSED) <= set(manifest())


@pytest.mark.parametrize("name", readable())
def test_corpus(name: str) -> None:
    """Frames, times, link types and damage of one file."""
    row = manifest()[name]
    with open_capture(CORPUS / name) as reader:
        records = list(reader)
    frames, _ = FRAMES.get(name, (int(row["packets"]), ""))
    assert reader.frames == frames
    assert reader.records == len(records) == frames - WITHOUT_PACKET.get(name, 0)
    assert [r.frame for r in records] == sorted({r.frame for r in records})
    assert reader.container == row["container"].removesuffix("-modified")
    assert {i.link_type for i in reader.interfaces} == link_types(row)
    assert (reader.damage.reason if reader.damage else None) == DAMAGED.get(name)
    assert [damage.reason for damage in reader.bad] == SURVIVED.get(name, [])
    if name not in TIMES and row["first_ts"]:
        times = [r.time for r in records if r.time != NO_TIME]
        assert abs(min(times) - nanoseconds(row["first_ts"])) <= 1000
        assert abs(max(times) - nanoseconds(row["last_ts"])) <= 1000


def nanoseconds(text: str) -> int:
    return int(Decimal(text) * 10**9)


def link_types(row: dict[str, str]) -> set[int]:
    names = [name for name in row["linktype"].split(",") if name]
    return {LINK_TYPES[name] if name in LINK_TYPES else int(name) for name in names}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_corpus_refused(name: str) -> None:
    """What cannot be read is refused with the reason and the path."""
    with pytest.raises(InputError) as caught:
        open_capture(CORPUS / name)
    assert REFUSED[name] in caught.value.damage.reason
    assert caught.value.damage.path == str(CORPUS / name)


@pytest.mark.parametrize(
    "name",
    [
        "format/pcapngtest-output_be-difficult-test202.pcapng",
        "format/pcapngtest-output_le-advanced-test102.pcapng",
        "format/tcptrace-pcap_v2.2.dmp",
        "format/tcpdump-tcp-handshake-nano.pcap",
    ],
)
@pytest.mark.parametrize("compression", [None, *build.COMPRESSIONS])
def test_drips(name: str, compression: str | None) -> None:
    """A real capture from a slow pipe, compressed or not, reads like the file."""
    path = CORPUS / name
    content = path.read_bytes()
    if compression is not None:
        content = build.compress(compression, content)
    drips = open_capture("-", build.Trickle(content))  # type: ignore[arg-type]
    assert drips.compression == compression
    with open_capture(path) as whole:
        assert list(drips) == list(whole)
    assert drips.damage is None


ERF_RECORD = struct.pack(">QBBHHH", 1, 2, 4, 32, 0, 16) + bytes(16)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"snoop\0\0\0" + bytes(8), "a snoop (Solaris) capture"),
        (b"btsnoop\0" + bytes(8), "a btsnoop (Bluetooth) capture"),
        (b"RTSS" + bytes(60), "a NetMon 1.x capture"),
        (b"GMBU" + bytes(60), "a NetMon 2.x capture"),
        (b"\x7fver" + bytes(60), "an EtherPeek/OmniPeek capture"),
        (b"\x7fELF" + bytes(60), "an executable"),
        (b"PK\3\4" + bytes(60), "a zip archive"),
        (b"<?xml version='1.0'?>", "XML"),
        (bytes(257) + b"ustar\0", "a tar archive"),
        (ERF_RECORD * 2, "probably an ERF"),
        (ERF_RECORD + b"\xff" * 16, "unknown format, beginning 00 00 00 00 00 00 00 01"),
        (ERF_RECORD + bytes(3), "unknown format"),
        (ERF_RECORD[:9] + b"\xc0" + ERF_RECORD[10:], "unknown format"),
        ("caf\u00e9\n".encode() * 100, "text, beginning 'caf\u00e9'"),
        (b"\x00\x01\x02", "unknown format, beginning 00 01 02"),
        (build.compress("gzip", build.compress("gzip", b"x")), "compressed twice"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "a pcapng file with a damaged or cut first block"),
    ],
)
def test_other_formats(content: bytes, says: str) -> None:
    """Formats are named where their first bytes tell."""
    with pytest.raises(InputError) as caught:
        open_capture("x.pcap", io.BytesIO(content))
    assert says in caught.value.damage.reason


def test_nothing_inside_compression() -> None:
    """An empty or unreadable compressed file is no capture of an unknown format."""
    with pytest.raises(InputError, match="empty inside its gzip compression"):
        open_capture("x", io.BytesIO(build.compress("gzip", b"")))
    with pytest.raises(InputError, match="xz data is cut"):
        open_capture("x", io.BytesIO(b"\xfd7zXZ\0"))


def test_refused_file_is_closed(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """No file stays open behind an InputError."""
    path = tmp_path / "x.pcap"
    path.write_text("text")
    with pytest.raises(InputError):
        open_capture(path)
    assert not recwarn.list


def test_first_frame_is_tcp() -> None:
    """The builders and the readers agree on a whole frame."""
    segment = build.ip("10.0.0.1", "10.0.0.2", build.TCP, build.tcp(40000, 9092, seq=1))
    frame = build.ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", segment)
    (record,) = open_capture("x", io.BytesIO(build.pcap([(5000, frame)])))
    assert record == Record(1, 5000, 1, frame, 54, 0, 0, 24)
