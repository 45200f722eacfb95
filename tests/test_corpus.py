"""What synack reads from every capture of the shared corpus, against tshark's counts.

The manifest counts frames by kind and attempts by outcome; the table below is the complete
list of differences, each looked at in tshark, with its reason. ``completed`` is compared
as "SYN, SYN-ACK and ACK are all in the capture", which is what the manifest means.
PAIRS.tsv then says of captures from two places what was lost between them.
"""

from __future__ import annotations

import csv
import functools
from collections import Counter
from typing import NamedTuple

import pytest
from test_reader import CORPUS, FRAMES, manifest, readable

from synack.capture.reader import open_capture
from synack.capture.segments import Collector
from synack.handshake.states import Event
from synack.handshake.track import track
from synack.model import FATES, OUTCOMES
from synack.pipeline import Diagnosed, load, run

Counts = dict[str, tuple[int, int]]

ONE_HANDSHAKE: Counts = {"syn": (1, 0), "synack": (1, 0), "attempts": (1, 0), "completed": (1, 0)}
FOUR_HANDSHAKES: Counts = dict.fromkeys(ONE_HANDSHAKE, (4, 0))


def unread(kind: str) -> str:
    return f"{kind} is not a link type that is understood; the capture is named so"


WLAN, ARCNET, HDLC = unread("802.11"), unread("ARCNET"), unread("Cisco HDLC")
FDDI = unread("FDDI")
GTP = "TCP inside GTP-U, the tunnel of mobile networks: no broker's capture holds it; not decoded"
GTP_UPWARD = "from the client to the server it is GTP-U, bare on the way back"
UPWARD: Counts = {"tcp": (34, 25), "syn": (1, 0), "attempts": (1, 0), "completed": (1, 0)}

DIFFERENCES: dict[str, tuple[str, Counts]] = {
    "arp/libpcap-filter-rarp_req_reply.pcapng": (
        "RARP, an EtherType of its own: it asks for an IP and claims none",
        {"arp": (2, 0)},
    ),
    "arp/trex-bad_not_ip.pcap": (
        "frame 1 is an IPv4 packet under ARP's EtherType: hardware type 17664",
        {"arp": (1, 0)},
    ),
    "format/ndpi-fuzz-2006-06-26-2594.pcap": (
        "fuzzed: 330, 585, 686 are ARP of other hardware types, 276 and 586 of other address"
        " lengths, 231 and 483 of operations 108 and 258; the IP header of 86 claims 28 bytes"
        " and leaves 12 for TCP",
        {"tcp": (51, 50), "arp": (43, 36)},
    ),
    "format/ndpi-kerberos_fuzz.pcapng": (
        "fuzzed: a TCP header of 8 bytes, by its own data offset",
        {"tcp": (1, 0)},
    ),
    "format/tcptrace-trunc.dmp": (
        "a first fragment with 8 bytes of TCP, by the IP header's length",
        {"tcp": (1, 0)},
    ),
    "tcp/sv-decode-too-small-test.pcap": (
        "frame 5 is IPv6 with TCP as next header and nothing after it",
        {"tcp": (1, 0)},
    ),
    "tcp/tcpflow-simson.pcap": (
        "snaplen 40: 6 bytes of each TCP header are there",
        {"tcp": (303, 0)},
    ),
    "linktype/arkime-80211http.pcap": (WLAN, ONE_HANDSHAKE | {"tcp": (26, 0)}),
    "linktype/ns3-aodv-aodv-chain-regression-test-2-0.pcap": (WLAN, {"arp": (12, 0)}),
    "linktype/ns3-aodv-aodv-chain-regression-test-4-0.pcap": (WLAN, {"arp": (6, 0)}),
    "linktype/ns3-aodv-bug-606-test-0-0.pcap": (WLAN, {"arp": (6, 0)}),
    "linktype/ns3-aodv-bug-606-test-1-0.pcap": (WLAN, {"arp": (8, 0)}),
    "linktype/ns3-mesh-dot11s-hwmp-proactive-regression-test-4-1.pcap": (WLAN, {"arp": (7, 0)}),
    "linktype/ns3-mesh-dot11s-hwmp-target-flags-regression-test-3-1.pcap": (
        WLAN,
        {"arp": (16, 0)},
    ),
    "linktype/libpcap-filter-arcnet-rfc1201-arp-icmp-http.pcap": (
        ARCNET,
        ONE_HANDSHAKE | {"tcp": (3, 0), "arp": (4, 0)},
    ),
    "linktype/tcpdump-arcnet-rfc1051-arp-icmp-http.pcap": (
        ARCNET,
        ONE_HANDSHAKE | {"tcp": (14, 0), "arp": (4, 0)},
    ),
    "linktype/nfstream-BGP_redist.pcap": (HDLC, {"tcp": (2, 0)}),
    "linktype/pcpp-CiscoHDLC.pcap": (HDLC, {"tcp": (1, 0)}),
    "linktype/sv-decode-chdlc-01-hdlc-http_1tx.pcap": (
        HDLC,
        ONE_HANDSHAKE | {"tcp": (17, 0)},
    ),
    "linktype/sv-defrag-bug-6887-defrag-ppp-ipv6-tcp-frag-ppp-ipv6-tcp.pcap": (
        unread("PPP"),
        {"tcp": (1, 0)},
    ),
    "linktype/tcpdump-bgp-aigp.pcap": (unread("Juniper Ethernet"), {"tcp": (1, 0)}),
    "linktype/tcptrace-single_byte_rexmit.dmp": (
        FDDI,
        ONE_HANDSHAKE | {"tcp": (27, 0), "rst": (1, 0)},
    ),
    "linktype/zeek-dns-inverse-query.pcap": (FDDI, ONE_HANDSHAKE | {"tcp": (11, 0)}),
    "pairs/trex-tcp2_http_simple_gtpu_c.pcap": (GTP_UPWARD, UPWARD),
    "pairs/trex-tcp2_http_simple_gtpu_s.pcap": (GTP_UPWARD, UPWARD),
    "tunnels/arkime-gtp-iphone.pcap": (GTP, FOUR_HANDSHAKES | {"tcp": (58, 0)}),
    "tunnels/ndpi-http_origin_different_than_host.pcap": (GTP, ONE_HANDSHAKE | {"tcp": (4, 0)}),
    "tunnels/pcpp-gtp.pcap": (GTP, {"tcp": (1, 0)}),
}
"""File to the reason, and per field (manifest, ours); a row that no longer holds fails."""


def test_corpus_is_there() -> None:
    """Without the corpus the sweep would pass by checking nothing."""
    assert manifest(), "the shared corpus is missing: ../shared/corpus beside the project"
    assert pairs(), "the list of pairs is missing: ../shared/corpus/PAIRS.tsv"
    assert set(DIFFERENCES) <= set(readable())


@pytest.mark.parametrize("name", readable())
def test_counts(name: str) -> None:
    """Frames by kind, attempts and completed handshakes of one file."""
    row = manifest()[name]
    ours = counted(name)
    differing = {
        field: (expected, ours[field])
        for field in ours
        if ours[field] != (expected := manifest_count(name, row, field))
    }
    assert differing == DIFFERENCES.get(name, ("", {}))[1]


def manifest_count(name: str, row: dict[str, str], field: str) -> int:
    if field == "packets" and name in FRAMES:
        return FRAMES[name][0]
    return int(row[field])


def counted(name: str) -> dict[str, int]:
    collector = Collector(0)
    with open_capture(CORPUS / name) as reader:
        info = collector.read(0, reader)
        frames = reader.frames
    sightings = track(collector.tables()[0]).sightings
    legs = 1 << Event.SYN | 1 << Event.SYN_ACK | 1 << Event.ACK
    return {
        "packets": frames,
        "tcp": info.counts["tcp"],
        "syn": info.counts["syn"],
        "synack": info.counts["syn-ack"],
        "rst": info.counts["rst"],
        "arp": info.counts["arp"],
        "attempts": int((sightings["seen"] & 1 << Event.SYN > 0).sum()),
        "completed": int((sightings["seen"] & legs == legs).sum()),
    }


# ---- pairs ------------------------------------------------------------------------------


@functools.cache
def pairs() -> dict[str, dict[str, str]]:
    path = CORPUS / "PAIRS.tsv"
    if not path.is_file():
        return {}
    with path.open(newline="") as lines:
        return {row["pair"]: row for row in csv.DictReader(lines, delimiter="\t")}


class Pair(NamedTuple):
    """What must come out of two captures of the same traffic."""

    outcomes: dict[str, int]
    fates: dict[str, int]
    """Of SYNs, SYN-ACKs and ACKs, by ``LEG fate``."""
    kinds: frozenset[str] = frozenset()
    """Kinds of findings."""
    why: str = ""


def delivered(syn: int, syn_ack: int, ack: int) -> dict[str, int]:
    return {"SYN delivered": syn, "SYN_ACK delivered": syn_ack, "ACK delivered": ack}


PAIRS = {
    "mptcp-lost-synack": Pair(
        {"completed": 7, "syn-lost": 1},
        delivered(8, 8, 8) | {"SYN lost": 1, "SYN_ACK lost": 1},
        frozenset({"syn-lost"}),
        "the lost SYN-ACK was repeated, the SYN of port 59555 never came",
    ),
    "mptcp-clean": Pair({"completed": 4}, delivered(4, 4, 4)),
    "pres-bwm-eth0": Pair({"completed": 2}, delivered(2, 2, 2)),
    "pres-bwm-eth1": Pair({"completed": 2}, delivered(2, 2, 2)),
    "trex-drop-high": Pair(
        {"completed": 1},
        delivered(1, 1, 1) | {"SYN unwitnessed": 1, "SYN_ACK lost": 1},
        why="the server's capture begins with the second SYN: it was no witness of the first",
    ),
    "trex-rst1": Pair(
        {"refused": 1},
        {"SYN delivered": 1, "SYN_ACK unwitnessed": 6},
        frozenset({"refused"}),
        "the client's capture ends with the RST that answers its SYN",
    ),
    "trex-wrong-port": Pair(
        {"refused": 2}, {}, frozenset({"refused"}), "nothing in common: each for itself"
    ),
    "trex-gtpu": Pair({"completed": 1}, {}, why="one direction is inside GTP-U at both places"),
    "trex-vlan": Pair({"completed": 1}, delivered(1, 1, 1)),
    "snabb-lwaftr-1": Pair({}, {}, why="no handshake"),
    "snabb-lwaftr-syn": Pair(
        {"inconclusive": 4}, {}, why="both hold the same four SYNs, B's inside IPv6, and end there"
    ),
    "snabb-lwaftr-frags": Pair(
        {"inconclusive": 2}, {}, why="one SYN each, to port 80 in A and to 2700 inside IPv6 in B"
    ),
    "ppa-mail-1-2": Pair({"completed": 2}, delivered(1, 1, 1), why="B also holds the next hop"),
    "ppa-mail-2-3": Pair({"completed": 3}, delivered(1, 1, 1), why="each holds one of its own"),
    "zeek-ssh-halves": Pair(
        {"completed": 20},
        {},
        why="one place split by direction, at neither end: what the other half lacks is not lost",
    ),
    "connecteth-cs": Pair({}, {}, why="no TCP"),
    "pcapgraph-simul": Pair({}, {}, why="no TCP"),
}


def test_every_pair_is_judged() -> None:
    assert set(PAIRS) == set(pairs())


@functools.cache
def diagnosed(pair: str) -> Diagnosed:
    row = pairs()[pair]
    return run(load([f"a={CORPUS / row['A']}", f"b={CORPUS / row['B']}"]))


@pytest.mark.parametrize("pair", PAIRS)
def test_pair(pair: str) -> None:
    """Outcomes, fates and findings; where nothing was lost, nothing is said to be."""
    expected, found = PAIRS[pair], diagnosed(pair)
    assert Counter(OUTCOMES[o] for o in found.attempts["outcome"].tolist()) == expected.outcomes
    sent = found.matched.transmissions
    fates = Counter(
        f"{Event(leg).name} {FATES[fate]}"
        for leg, fate in zip(sent["leg"].tolist(), sent["fate"].tolist(), strict=True)
        if leg in (Event.SYN, Event.SYN_ACK, Event.ACK)
    )
    assert fates == expected.fates
    assert {finding.kind for finding in found.findings} == expected.kinds


@pytest.mark.parametrize("pair", PAIRS)
def test_pair_clock(pair: str) -> None:
    """The offset lies in the bounds of the list; without a common packet it is `absent`."""
    bounds = pairs()[pair]["clock_B_minus_A_between"]
    clocks = {clock.host: clock for clock in diagnosed(pair).matched.clocks}
    if not bounds:
        assert {clocks[0].grade, clocks[1].grade} & {"absent", "one-sided", "accurate"}
        assert clocks[1].grade != "accurate" or pair == "trex-drop-high"
        return
    if pair == "trex-gtpu":  # the packets that give the bounds are inside GTP-U
        assert clocks[1].grade == "absent"
        return
    low, high = (round(float(text) * 1e9) for text in bounds.split(".."))
    assert clocks[1].grade == "accurate"
    assert low - 1000 <= clocks[1].offset - clocks[0].offset <= high + 1000


def test_lost_and_repeated() -> None:
    """Counts at both ends of the two real losses."""
    columns = ("syn_sent", "syn_received", "syn_ack_sent", "syn_ack_received", "retransmissions")
    a = diagnosed("mptcp-lost-synack").attempts
    by_port = {row["client_port"]: [row[c] for c in columns] for row in a.rows()}
    assert by_port[50007] == [2, 2, 2, 1, 2]
    assert by_port[59555][:3] == [1, 0, 0]
    (row,) = diagnosed("trex-drop-high").attempts.rows()
    assert [row[c] for c in columns] == [2, 1, 2, 1, 2]
