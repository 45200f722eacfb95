"""Frames under pseudonyms: every layer, cut anywhere, and looked at with tshark."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
import synack
from synack.addresses import format_ip, format_mac, parse_ip, parse_mac
from synack.anonymize.frames import rewrite
from synack.anonymize.pseudonyms import Pseudonyms
from synack.capture.decode import decode
from synack.capture.links import ETHERNET, NULL, RAW, SLL, SLL2
from synack.capture.reader import open_capture

ROOT = Path(__file__).parents[1]
BY = Pseudonyms(bytes(range(32)), (), {})
CLIENT, SERVER, CLIENT6, SERVER6 = "10.0.1.77", "10.0.1.10", "fd00::1:77", "fd00::1:10"
MAC_A, MAC_B = "0a:e6:f1:c2:6b:30", "00:1b:21:11:22:33"
SECRET = b"the payload of a customer"
SYN = build.tcp(40000, 9092, seq=1, mss=1460, sack_ok=True, timestamps=(7, 0), wscale=7)
DATA = build.tcp(40000, 9092, seq=2, ack=9, flags="PA", timestamps=(8, 9), payload=SECRET)
MPTCP = build.tcp(40000, 9092, opts=bytes([30, 8, 0x30, 4, 10, 0, 1, 77, 34, 4, 1, 2]))


def v4(payload, proto=6, **more):
    return build.ipv4(CLIENT, SERVER, proto, payload, **more)


def v6(payload, proto=6, **more):
    return build.ipv6(CLIENT6, SERVER6, proto, payload, **more)


def eth(payload, **more):
    return build.ethernet(MAC_A, MAC_B, payload, **more)


def ip(text):
    return format_ip(*BY.ip(parse_ip(text)))


def mac(text):
    return format_mac(BY.mac(parse_mac(text)))


FRAMES = {
    "syn": (ETHERNET, eth(v4(SYN))),
    "syn, IPv6": (ETHERNET, eth(v6(SYN))),
    "data": (ETHERNET, eth(v4(DATA))),
    "data, IPv6": (ETHERNET, eth(v6(DATA))),
    "vlan": (ETHERNET, eth(v4(SYN), vlans=(7, 9))),
    "IP options": (ETHERNET, eth(v4(SYN, opts=bytes([7, 11, 8, 10, 0, 1, 77, 0, 0, 0, 0])))),
    "MPTCP": (ETHERNET, eth(v4(MPTCP))),
    "cooked": (SLL, build.sll(MAC_A, v4(SYN))),
    "cooked 2": (SLL2, build.sll2(MAC_A, v4(SYN))),
    "raw": (RAW, v4(SYN)),
    "loopback": (NULL, build.null(v4(SYN))),
    "arp request": (ETHERNET, eth(build.arp(1, MAC_A, CLIENT, "00:00:00:00:00:00", SERVER))),
    "arp reply": (ETHERNET, eth(build.arp(2, MAC_A, CLIENT, MAC_B, SERVER))),
    "solicitation": (ETHERNET, eth(v6(build.nd("NS", SERVER6, MAC_A), 58, ttl=255))),
    "advertisement": (ETHERNET, eth(v6(build.nd("NA", CLIENT6, MAC_A, flags=3), 58, ttl=255))),
    "unreachable": (ETHERNET, eth(v4(build.icmp_error(v4(SYN)), 1))),
    "unreachable, long": (ETHERNET, eth(v4(build.icmp_error(v4(DATA), keep=90), 1))),
    "unreachable, IPv6": (ETHERNET, eth(v6(build.icmpv6_error(v6(SYN)), 58))),
    "ping": (ETHERNET, eth(v4(b"\x08\0\0\0\0\1\0\1" + SECRET, 1))),
    "udp": (ETHERNET, eth(v4(build.udp(40001, 40002, SECRET), 17))),
    "vxlan": (ETHERNET, eth(v4(build.udp(9, 4789, build.vxlan(5, eth(v4(DATA)))), 17))),
    "geneve": (
        ETHERNET,
        eth(v4(build.udp(9, 6081, build.geneve(5, eth(v4(DATA)), opts=bytes(8))), 17)),
    ),
    "gre": (ETHERNET, eth(v4(build.gre(v4(DATA), key=3), 47))),
    "ip in ip": (ETHERNET, eth(v4(v4(DATA), 4))),
    "fragment": (ETHERNET, eth(v4(SECRET, fragment=3))),
    "other protocol": (ETHERNET, eth(SECRET, ethertype=0x88B5)),
    "other link": (105, SECRET),
}
NEEDLES = [
    parse_ip(CLIENT)[1].to_bytes(8, "big")[-4:],
    parse_ip(SERVER)[1].to_bytes(8, "big")[-4:],
    bytes.fromhex("fd000000000000000000000000010077"),
    bytes.fromhex("fd000000000000000000000000010010"),
    bytes.fromhex(MAC_A.replace(":", "")),
    bytes.fromhex(MAC_B.replace(":", "")),
    b"customer",
]


@pytest.mark.parametrize("name", FRAMES)
def test_nothing_of_the_original_is_left(name):
    link_type, frame = FRAMES[name]
    assert any(needle in frame for needle in NEEDLES)  # the search would find them
    other = rewrite(frame, link_type, BY)
    assert len(other) <= len(frame)
    assert not [needle for needle in NEEDLES if needle in other]


@pytest.mark.parametrize("name", FRAMES)
def test_a_cut_frame_gives_what_is_left_of_it(name):
    link_type, frame = FRAMES[name]
    for size in range(len(frame)):
        other = rewrite(frame[:size], link_type, BY)
        assert len(other) <= size
        assert not [needle for needle in NEEDLES if needle in other]


@pytest.mark.parametrize("name", [n for n, (link, _) in FRAMES.items() if link != 105])
def test_what_synack_reads_stays_but_for_addresses(name):
    link_type, frame = FRAMES[name]
    before, after = decode(link_type, frame), decode(link_type, rewrite(frame, link_type, BY))
    assert after.damage == before.damage
    assert type(after.payload) is type(before.payload)
    if before.payload is None:
        return
    for field, value in before.payload._asdict().items():
        expected = BY.ip(value) if isinstance(value, tuple) else value
        expected = BY.mac(value) if field == "mac" else expected
        assert getattr(after.payload, field) == expected
    assert after.link.src_mac == BY.mac(before.link.src_mac)
    assert after.link.dst_mac == BY.mac(before.link.dst_mac)


def shown(path, *fields):
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l"]
    command += ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


FIELDS = (
    "frame.len", "eth.type", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw",
    "tcp.flags", "tcp.window_size_value", "tcp.options.timestamp.tsval", "arp.opcode",
    "icmp.type", "icmp.code", "icmpv6.type", "_ws.malformed",
)  # fmt: skip


def test_as_tshark_reads_it(tmp_path):
    """Field by field the same, nothing malformed; addresses as we replaced them."""
    frames = [frame for link, frame in FRAMES.values() if link == ETHERNET]
    others = [rewrite(frame, ETHERNET, BY) for frame in frames]
    before, after = tmp_path / "before.pcap", tmp_path / "after.pcap"
    before.write_bytes(build.pcap([(n, f) for n, f in enumerate(frames)]))
    after.write_bytes(
        build.pcap([(n, o, len(f)) for n, (f, o) in enumerate(zip(frames, others, strict=True))])
    )
    assert shown(after, *FIELDS) == shown(before, *FIELDS)
    for old, new in zip(*(shown(p, "ip.src", "ipv6.src") for p in (before, after)), strict=True):
        assert [ip(text) if text else "" for text in old] == new


@pytest.mark.parametrize("name", ["syn", "syn, IPv6", "MPTCP", "IP options", "vlan"])
def test_checksums_that_were_right_stay_right_and_wrong_ones_wrong(name, tmp_path):
    _, frame = FRAMES[name]
    broken = bytearray(frame)
    at = frame.index(SYN[:4] if name != "MPTCP" else MPTCP[:4]) + 16
    broken[at] ^= 0x55
    for number, original in enumerate((frame, bytes(broken))):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(build.pcap([(0, rewrite(original, ETHERNET, BY), len(original))]))
        status = shown(path, "tcp.checksum.status", "ip.checksum.status")[0]
        assert status[0] == ("0" if number else "1")  # tshark: 1 good, 0 bad
        assert status[1] in ("", "1")


@settings(max_examples=500)
@given(st.sampled_from([ETHERNET, SLL, SLL2, NULL, RAW, 105]), st.binary(max_size=200))
def test_any_bytes_are_taken(link_type, frame):
    assert len(rewrite(frame, link_type, BY)) <= len(frame)


@settings(max_examples=500)
@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_any_damage_is_taken(name, data):
    link_type, frame = FRAMES[name]
    damaged = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    assert len(rewrite(bytes(damaged), link_type, BY)) <= len(frame)


def test_real_captures_stay_readable(tmp_path):
    """Every frame of a recorded incident, and what tshark makes of it."""
    source = ROOT / "fixtures" / "stale-arp" / "broker-1-eth0.pcap"
    with open_capture(str(source)) as reader:
        frames = [bytes(record.data) for record in reader]
    path = tmp_path / "shared.pcap"
    path.write_bytes(
        build.pcap([(n, rewrite(f, ETHERNET, BY), len(f)) for n, f in enumerate(frames)])
    )
    assert shown(path, *FIELDS) == shown(source, *FIELDS)


STORIES = [
    "stale-arp", "stale-nd", "vlan", "qinq", "vxlan-mirror", "gre-mirror", "geneve-mirror",
    "cooked-v2", "raw-ip", "bsd-null", "prohibited", "behind-nat", "compressed",
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_annotated_evidence_can_be_shared(story, tmp_path):
    """The same packets with the same comments, but for what is replaced."""
    diagnosis, out, real = (
        synack.diagnose(ROOT / "fixtures" / story),
        tmp_path / "out",
        tmp_path / "real",
    )
    diagnosis.annotate(real)
    diagnosis.anonymized(bytes(range(32))).annotate(out)
    fields = ("frame.number", "frame.time_epoch", *FIELDS)
    assert shown(out, *fields) == shown(real, *fields)
    never = [sum("never seen" in row[0] for row in shown(p, "frame.comment")) for p in (out, real)]
    assert never[0] == never[1]
    content = out.read_bytes()
    assert not [text for text in hidden(diagnosis) if text in content]
    assert [text for text in hidden(diagnosis) if text in real.read_bytes()]


@pytest.mark.parametrize("story", ["stale-arp", "stale-nd", "vxlan-mirror"])
def test_a_dissection_can_be_shared(story):
    diagnosis = synack.diagnose(ROOT / "fixtures" / story)
    explanation = diagnosis.anonymized(bytes(range(32))).explain(most=6)
    assert not [row for frame in explanation.frames for row in frame.compared if row.differs]
    for text in (explanation.to_text(), explanation.to_json()):
        assert not [secret for secret in hidden(diagnosis) if secret in text.encode()]


def hidden(diagnosis):
    """Addresses, MACs and host names, as bytes and as text."""
    segments = diagnosis.diagnosed.matched.segments
    for name in ("src", "dst"):
        pairs = zip(segments[f"{name}_hi"].tolist(), segments[f"{name}_lo"].tolist(), strict=True)
        for high, low in set(pairs):
            yield format_ip(high, low).encode()
            yield (high << 64 | low).to_bytes(16, "big")[-4 if not high else -16 :]
        for mac_ in set(segments[f"{name}_mac"].tolist()):
            if mac_ > 0:
                yield format_mac(mac_).encode()
                yield mac_.to_bytes(6, "big")
    yield from (capture.host.encode() for capture in diagnosis.diagnosed.loaded.captures)
