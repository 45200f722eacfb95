"""Whole fleets against the naive oracle and against the truth, and what must change nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import naive
import numpy as np
import pytest
from fleet import Host, Key, Packet, Plan, Truth, fleets, richer_fleets, shifted, simulate
from hypothesis import event, given, settings
from hypothesis import strategies as st
from traces import fates, ip, mac, ns, read, segment_kind

import build
from synack.addresses import format_ip, parse_ip
from synack.capture.reader import open_capture
from synack.capture.segments import Collector
from synack.handshake.match import Matched, match
from synack.handshake.outcome import judge
from synack.handshake.vantage import Vantage
from synack.model import FATES, OUTCOMES, Capture, CaptureFile, Outcome
from synack.overlap import unite
from synack.pipeline import load, run
from synack.tables import CLAIMS, NO_TIME, SEGMENTS, TUNNELS, Table


@dataclass
class Judged:
    """synack's answer in the oracle's words."""

    outcomes: dict[Key, str]
    fates: dict[Key, dict[tuple[str, int], str]]
    counts: dict[Key, dict[str, int]]
    matched: Matched


def judged(hosts: list[Host], *, known: bool = False, parts: int = 1) -> Judged:
    """Match and judge the captures of ``hosts``, each in ``parts`` files."""
    watching = [h for h in hosts if h.captures]
    captures, rows = [], []
    for h in watching:
        for begin, end, places in h.tapes():
            captures.append(Capture(h.name, "eth0", _files(h.name, begin, end, parts)))
            rows += _rows(len(captures) - 1, h, places, parts)
    united = unite(
        captures, Table.from_rows(SEGMENTS, rows), Table.empty(CLAIMS), Table.empty(TUNNELS)
    )
    assert [c.host for c in united.captures] == [h.name for h in watching]
    vantages = [Vantage(h.name, frozenset([_ip(h.address)])) for h in watching]
    offsets = {h.name: h.offset for h in watching} if known else {}
    matched = match(united.captures, vantages, united.segments, offsets)
    table = judge(matched)
    keys: list[Key] = [
        (
            format_ip(row["client_hi"], row["client_lo"]), row["client_port"],
            format_ip(row["server_hi"], row["server_lo"]), row["server_port"], row["client_isn"],
        )
        for row in table.rows()
    ]  # fmt: skip
    counted = [name for name in table.schema.dtypes if name.endswith(("_sent", "_received"))]
    counted += ["retransmissions", "rtt_ns"]
    result = Judged(
        {k: OUTCOMES[o] for k, o in zip(keys, table["outcome"], strict=True)},
        {k: {} for k in keys},
        {k: {n: r[n] for n in counted} for k, r in zip(keys, table.rows(), strict=True)},
        matched,
    )
    for t in matched.transmissions.rows():
        capture = int(matched.segments["capture"][t["sent"]])
        name = (watching[capture].name, int(matched.segments["frame"][t["sent"]]) - 1)
        result.fates[keys[t["attempt"]]][name] = FATES[t["fate"]]
    return result


def _ip(text: str) -> tuple[int, int]:
    found = parse_ip(text)
    assert found is not None
    return found


def _files(name: str, begin: int, end: int, parts: int) -> list[CaptureFile]:
    edges = [begin + (end - begin) * n // parts for n in range(parts + 1)]
    return [CaptureFile(f"{name}.pcap{n}", first=edges[n], last=edges[n + 1]) for n in range(parts)]


def _rows(capture: int, host: Host, places: list[int], parts: int) -> list[tuple[int, ...]]:
    """Frame numbers are those among all that the host has, and so tell the packet."""
    rows = []
    for at, place in enumerate(places):
        p = host.packets[place]
        bits = sum(1 << "FSRPA".index(letter) for letter in p.flags)
        # A second place is another interface, another VLAN or another sender on the bridge.
        interface, vlan, mac = int(p.spot == 1), 7 if p.spot == 2 else -1, 7 if p.spot == 3 else -1
        rows.append((
            capture, capture * parts + at * parts // len(places), place + 1, p.time,
            segment_kind(p.flags), *_ip(p.src), *_ip(p.dst), p.sport, p.dport, p.seq, p.ack,
            bits, 64240, p.payload, 64, p.tsval, 0 if p.tsval >= 0 else -1, mac, -1, 0,
            interface, vlan, -1,
        ))  # fmt: skip
    return rows


Fleet = tuple[list[Host], dict[Key, Truth]]


def played(fleet: tuple[list[Host], list[Plan]]) -> Fleet:
    hosts, plans = fleet
    return hosts, simulate(hosts, plans)


def told_apart(fleet: Fleet) -> bool:
    """Whether no two like segments come to an interface at one moment, as drawn delays may have
    it: nothing on a wire does, and what looks so was recorded twice."""
    for host in fleet[0]:
        last: dict[Packet, Packet] = {}
        for p in sorted(host.packets):
            before = last.get(like := p._replace(time=0, serial=0, spot=0))
            if before and before.serial != p.serial and p.time - before.time <= naive.AT_ONCE:
                return False
            last[like] = p
    return True


FLEETS = st.one_of(fleets(), richer_fleets()).map(played).filter(told_apart)
SEARCH = settings(max_examples=150)


def contradictions(
    hosts: list[Host], truths: dict[Key, Truth], said: Judged, *, known: bool
) -> list[str]:
    """Where the answer is not only incomplete but false."""
    wrong = []
    by_name = {h.name: h for h in hosts}
    by_address = {h.address: h for h in hosts}
    for key, outcome in said.outcomes.items():
        truth = truths[key]
        # Which of several identical segments was lost nobody can say, only how many.
        lost: Counter[tuple[object, ...]] = Counter()
        arrived = {serial for leg in truth.arrived.values() for _, serial in leg}
        for (name, place), fate in said.fates[key].items():
            p = by_name[name].packets[place]
            lost[p.src, p.flags, p.seq, p.tsval] += (fate == "lost") - (p.serial not in arrived)
        if not any(h.copies in ("mirror", "bond") for h in hosts):
            # Where every packet is there twice, two like each other soon are taken for copies.
            wrong += [f"{what}: {n} too many lost" for what, n in lost.items() if n > 0]
        client, server = by_address[key[0]], by_address[key[2]]
        if outcome == "completed" and not (truth.connected or truth.done):
            wrong.append(f"{key} did not complete")
        if outcome == "completed" and not truth.done and server.captures:
            # Connected at the client; the server's capture could not know better.
            acks = truth.lost["ack"]
            if known and all(server.on(t) and server.on(t + naive.SETTLE) for t, _ in acks):
                wrong.append(f"{key}: its ACK was lost")
        if outcome == "ack-lost":
            if not truth.lost.get("ack"):
                wrong.append(f"{key} lost no ACK")
            if any(server.on(t) for t, _ in truth.arrived.get("ack", [])):
                wrong.append(f"{key}: an ACK arrived")
        if outcome == "syn-ack-lost":
            if not truth.lost.get("syn-ack"):
                wrong.append(f"{key} lost no SYN-ACK")
            if any(client.on(t) for t, _ in truth.arrived.get("syn-ack", [])):
                wrong.append(f"{key}: a SYN-ACK arrived")
        if outcome == "syn-lost":
            if not truth.lost.get("syn"):
                wrong.append(f"{key} lost no SYN")
            if any(server.on(t) for t, _ in truth.arrived.get("syn", [])):
                wrong.append(f"{key}: a SYN arrived")
        if outcome == "no-reply" and (truth.arrived.get("syn-ack") or truth.lost.get("syn-ack")):
            wrong.append(f"{key} was replied to")
        if outcome == "refused" and not {"rst-server"} & {*truth.arrived, *truth.lost}:
            wrong.append(f"{key} was not refused")
        if outcome == "rejected" and not truth.arrived.get("syn-ack"):
            wrong.append(f"{key} was not rejected")
    return wrong


@SEARCH
@given(FLEETS)
def test_like_the_oracle(fleet: Fleet) -> None:
    """With the clocks known: every outcome, every fate and every count of the oracle."""
    hosts, _ = fleet
    said = judged(hosts, known=True)
    oracle = naive.Fleet(hosts).verdicts()
    for outcome in said.outcomes.values():
        event(outcome)
    assert said.outcomes == {key: verdict.outcome for key, verdict in oracle.items()}
    assert said.fates == {key: verdict.fates for key, verdict in oracle.items()}
    for key, verdict in oracle.items():
        for name, count in verdict.counts.items():
            assert said.counts[key][name] in {count, count or -1}


@SEARCH
@given(FLEETS)
def test_never_false(fleet: Fleet) -> None:
    """With the clocks known, nothing that is said contradicts what happened."""
    hosts, truths = fleet
    assert contradictions(hosts, truths, judged(hosts, known=True), known=True) == []


@SEARCH
@given(FLEETS)
def test_never_false_with_clocks_estimated(fleet: Fleet) -> None:
    """Nor with clocks up to an hour off that only the packets tell of. Where two hosts share
    no packet their clocks are taken to agree; those attempts are left out here."""
    hosts, truths = fleet
    said = judged(hosts)
    assert contradictions(hosts, truths, _comparable(hosts, said), known=False) == []


def _comparable(hosts: list[Host], said: Judged) -> Judged:
    """Without the attempts of two hosts that share no packet."""
    clocks = {said.matched.hosts[c.host]: c for c in said.matched.clocks}
    roots = {n: c.host if c.grade == "absent" else c.reference for n, c in clocks.items()}
    names = {h.address: h.name for h in hosts}
    keep = [
        key
        for key in said.outcomes
        if roots.get(names[key[0]], -1) == roots.get(names[key[2]], -1)
        or names[key[0]] not in roots
        or names[key[2]] not in roots
    ]
    return Judged(
        {k: said.outcomes[k] for k in keep}, {k: said.fates[k] for k in keep},
        {k: said.counts[k] for k in keep}, said.matched,
    )  # fmt: skip


def answers(hosts: list[Host], said: Judged) -> tuple[object, ...]:
    kept = _comparable(hosts, said)
    return kept.outcomes, kept.fates, kept.counts


@SEARCH
@given(FLEETS, st.lists(st.integers(-3600 * 10**9, 3600 * 10**9), min_size=4, max_size=4))
def test_clocks_do_not_matter(fleet: Fleet, by: list[int]) -> None:
    """Any clock set to any other time: the same outcomes, fates and counts."""
    hosts, _ = fleet
    moved = shifted(hosts, {h.name: d for h, d in zip(hosts, by, strict=False)})
    assert answers(moved, judged(moved)) == answers(hosts, judged(hosts))


@SEARCH
@given(FLEETS, st.permutations(range(4)))
def test_order_does_not_matter(fleet: Fleet, order: list[int]) -> None:
    """Captures in any order."""
    hosts, _ = fleet
    before, after = judged(hosts), judged([hosts[n] for n in order if n < len(hosts)])
    assert after.outcomes == before.outcomes
    assert after.counts == before.counts
    assert after.fates == before.fates


@SEARCH
@given(FLEETS, st.permutations("wxyz"))
def test_names_do_not_matter(fleet: Fleet, names: list[str]) -> None:
    """Hosts by any name, which also puts them in any order."""
    hosts, _ = fleet
    new = {host.name: name for host, name in zip(hosts, names, strict=False)}
    before = judged(hosts, known=True)
    after = judged([replace(h, name=new[h.name]) for h in hosts], known=True)
    assert after.outcomes == before.outcomes
    assert after.counts == before.counts
    for key, found in before.fates.items():
        assert after.fates[key] == {(new[n], place): fate for (n, place), fate in found.items()}


@SEARCH
@given(FLEETS)
def test_rotation_does_not_matter(fleet: Fleet) -> None:
    """One capture in two or three files."""
    hosts, _ = fleet
    one = judged(hosts)
    for parts in (2, 3):
        more = judged(hosts, parts=parts)
        assert (more.outcomes, more.fates, more.counts) == (one.outcomes, one.fates, one.counts)


# ---- fates, case by case ------------------------------------------------------------------

BEFORE, AFTER = "-5.0 alive", "20.0 alive"
LOST_TWICE = """
    0.010 client > server S 100
    0.011 server > client SA 900/101
    1.011 server > client SA 900/101"""


def known(client: str, server: str, *, at_client: str = "", at_server: str = "") -> list[str]:
    """Fates of the transmissions between two captures whose clocks are known to agree."""
    scene = read(f"at client {at_client}\n{client}\nat server {at_server}\n{server}")
    return fates(scene.match(known={"client": 0, "server": 0}))


SYN_AT_CLIENT = "0.000 client > server S 100"
ALIVE = f"{BEFORE}\n{SYN_AT_CLIENT}\n{AFTER}"


class TestWitness:
    """`lost` needs a capture that would have shown it."""

    def test_alive_before_and_after(self) -> None:
        """The client's capture was on all the time and has no SYN-ACK."""
        assert known(ALIVE, LOST_TWICE) == ["syn delivered", "syn-ack lost", "syn-ack lost"]

    def test_ended_between(self) -> None:
        """It ended between the first and the second."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.900 alive"
        assert known(client, LOST_TWICE) == [
            "syn delivered", "syn-ack lost", "syn-ack unwitnessed",
        ]  # fmt: skip

    def test_the_last_moment_may_be_unflushed(self) -> None:
        """What came just before the end says nothing."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n1.050 alive"
        assert known(client, LOST_TWICE)[-1] == "syn-ack unwitnessed"

    def test_its_own_syn_shows_that_it_was_on(self) -> None:
        """The SYN in the capture comes before any SYN-ACK, whatever the clocks say."""
        assert known(f"{SYN_AT_CLIENT}\n{AFTER}", LOST_TWICE)[1] == "syn-ack lost"

    def test_began_later(self) -> None:
        """A server's capture that began after the first SYN witnesses only the second."""
        client = f"{SYN_AT_CLIENT}\n1.000 client > server S 100\n{AFTER}"
        assert known(client, "0.5 alive\n20 alive") == ["syn unwitnessed", "syn lost"]

    @pytest.mark.parametrize(
        ("gap", "fate"),
        [("0.005..0.5", "unwitnessed"), ("-3..-1", "lost"), ("0.050..0.5", "unwitnessed"),
         ("0.2..0.5", "lost"), ("2..3", "lost")],
        ids=["over it", "before it", "just after it", "after it settled", "long after"],
    )  # fmt: skip
    def test_a_missing_rotated_file(self, gap: str, fate: str) -> None:
        """Nobody knows what was in a file that is missing."""
        assert known(ALIVE, LOST_TWICE, at_client=f"gap={gap}")[1] == f"syn-ack {fate}"

    @pytest.mark.parametrize(
        ("drops", "fate"), [(0, "lost"), (1, "lost"), (2, "unwitnessed"), (9, "unwitnessed")]
    )
    def test_drops(self, drops: int, fate: str) -> None:
        """Two are missing: as many drops could be them, fewer not."""
        assert known(ALIVE, LOST_TWICE, at_client=f"drops={drops}")[1:] == [f"syn-ack {fate}"] * 2

    def test_drops_of_the_other_capture(self) -> None:
        """What the sender's capture dropped is another matter."""
        assert known(ALIVE, LOST_TWICE, at_server="drops=9")[1] == "syn-ack lost"

    def test_no_packet(self) -> None:
        """A capture that recorded nothing witnesses nothing."""
        scene = read(f"at client\nat server\n{LOST_TWICE}\n{AFTER}")
        assert fates(scene.match()) == ["syn-ack unwitnessed"] * 2

    def test_no_times(self) -> None:
        """A transmission without a time could have been at any."""
        scene = read(f"at client\n{ALIVE}\nat server\n{LOST_TWICE}\n{AFTER}")
        scene.rows = [
            tuple(NO_TIME if n == 3 and row[0] else v for n, v in enumerate(row))
            for row in scene.rows
        ]
        for known_clocks in ({}, {"client": 0, "server": 0}):
            assert fates(scene.match(known=known_clocks)) == [
                "syn delivered", "syn-ack unwitnessed", "syn-ack unwitnessed",
            ]  # fmt: skip

    def test_uncertain_clocks(self) -> None:
        """Without a common packet two clocks may be 5 s apart."""
        client = f"{SYN_AT_CLIENT}\n{AFTER}"
        for begin, fate in ((-4.0, "unwitnessed"), (-6.0, "lost")):
            scene = read(f"at client\n{client}\nat server\n{begin} alive\n{AFTER}")
            assert fates(scene.match()) == [f"syn {fate}"]

    def test_the_capture_lacks_the_own_syn(self) -> None:
        """The client's capture was on, and does not even have the SYN that arrived: it looks
        elsewhere, or the SYN is not the client's."""
        assert known(f"{BEFORE}\n{AFTER}", LOST_TWICE) == ["syn-ack unwitnessed"] * 2

    def test_the_capture_began_after_the_syn(self) -> None:
        """Here it could not have the SYN, and is a witness for what came later."""
        server = LOST_TWICE + "\n3.011 server > client SA 900/101"
        assert known(f"0.5 alive\n{AFTER}", server) == [
            "syn-ack unwitnessed", "syn-ack lost", "syn-ack lost",
        ]  # fmt: skip


class TestProof:
    """What a host did shows what it received."""

    def test_the_ack_proves_the_syn_ack(self) -> None:
        """The client's capture lacks it and has the ACK: it was not lost."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.021 client > server A 101/901\n{AFTER}"
        server = "0.010 client > server S 100\n0.011 server > client SA 900/101\n20 alive"
        assert known(client, server)[1] == "syn-ack unwitnessed"

    def test_the_syn_ack_proves_the_syn(self) -> None:
        """The server's capture lacks the SYN that it answered."""
        client = f"{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n{AFTER}"
        server = f"{BEFORE}\n0.011 server > client SA 900/101\n{AFTER}"
        assert known(client, server) == ["syn unwitnessed", "syn-ack delivered"]

    def test_an_answer_proves_it_though_the_capture_has_nothing(self) -> None:
        """The client has the SYN-ACK and the server's capture nothing of the attempt."""
        client = f"""{SYN_AT_CLIENT}\n0.020 server > client SA 900/101
            0.021 client > server A 101/901\n{AFTER}"""
        assert known(client, f"{BEFORE}\n{AFTER}") == ["syn unwitnessed", "ack unwitnessed"]

    def test_data_proves_the_ack(self) -> None:
        """The server went on, so the ACK that its capture lacks arrived."""
        client = (
            f"{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n"
            + f"0.021 client > server A 101/901\n{AFTER}"
        )
        server = """-5 alive\n0.010 client > server S 100\n0.011 server > client SA 900/101
            0.040 server > client A 901/101 len=9\n20 alive"""
        assert "ack unwitnessed" in known(client, server)

    def test_a_filter_that_leaves_a_leg_out(self) -> None:
        """The client's capture has no SYN-ACK of a handshake that completed: no witness for
        the SYN-ACKs of the others, however many are missing."""
        client = f"""{BEFORE}
            0.000 client:1 > server S 5
            0.021 client:1 > server A 6/71
            1.000 client > server S 100
            {AFTER}"""
        server = """-5 alive
            0.010 client:1 > server S 5
            0.011 server > client:1 SA 70/6
            0.031 client:1 > server A 6/71
            1.010 client > server S 100
            1.011 server > client SA 900/101
            2.011 server > client SA 900/101
            4.011 server > client SA 900/101
            20 alive"""
        assert known(client, server).count("syn-ack unwitnessed") == 4
        assert "syn-ack lost" not in known(client, server)

    def test_what_a_capture_is_known_to_have_missed(self) -> None:
        """It has one SYN-ACK and lacks another that arrived: one missing proves nothing."""
        client = f"""{BEFORE}
            0.000 client:1 > server S 5
            0.020 server > client:1 SA 70/6
            0.021 client:1 > server A 6/71
            0.100 client:2 > server S 5
            0.121 client:2 > server A 6/71
            1.000 client > server S 100
            {AFTER}"""
        both = """
            0.010 client:1 > server S 5
            0.011 server > client:1 SA 70/6
            0.031 client:1 > server A 6/71
            0.110 client:2 > server S 5
            0.111 server > client:2 SA 70/6
            0.131 client:2 > server A 6/71
            1.010 client > server S 100
            1.011 server > client SA 900/101\n"""
        once, twice = both + "20 alive", both + "2.011 server > client SA 900/101\n20 alive"
        assert "syn-ack lost" not in known(client, once)
        assert known(client, twice).count("syn-ack lost") == 2


class TestPaired:
    """Retransmissions are told apart."""

    def test_by_timestamp(self) -> None:
        """TSval says which of the two arrived, against order and time."""
        client = f"""{BEFORE}\n0.000 client > server S 100 ts=1
            1.500 server > client SA 900/101 ts=51\n{AFTER}"""
        server = """0.010 client > server S 100 ts=1
            0.011 server > client SA 900/101 ts=51
            1.011 server > client SA 900/101 ts=52
            20 alive"""
        assert known(client, server) == ["syn delivered", "syn-ack delivered", "syn-ack lost"]

    def test_by_order(self) -> None:
        """Without it the arrival is of the latest that had left."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n1.500 server > client SA 900/101\n{AFTER}"
        assert known(client, LOST_TWICE) == ["syn delivered", "syn-ack lost", "syn-ack delivered"]

    def test_two_syn_acks_of_other_numbers(self) -> None:
        """A SYN-ACK with a new ISN is another transmission, not a repetition."""
        server = """0.010 client > server S 100
            0.011 server > client SA 900/101
            9.000 server > client SA 7000/101
            20 alive"""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n{AFTER}"
        assert known(client, server) == ["syn delivered", "syn-ack delivered", "syn-ack lost"]


class TestMisdelivered:
    """In the client's capture, but for another MAC: stronger proof, not delivery."""

    SERVER = """0.010 client > server S 100
        0.011 server > client SA 900/101 to=stale
        1.010 client > server S 100
        1.011 server > client SA 900/101 to=stale
        20 alive"""

    def client(self, *lines: str) -> str:
        own = ("-5 alive", SYN_AT_CLIENT, "1.000 client > server S 100")
        return "\n".join((*own, *lines, "20 alive"))

    FLOODED = (
        "0.020 server > client SA 900/101 to=stale",
        "1.020 server > client SA 900/101 to=stale",
    )

    def test_foreign_mac(self) -> None:
        """The switch flooded them; the host did not take them."""
        found = known(self.client(*self.FLOODED), self.SERVER)
        assert found[2:] == ["syn-ack misdelivered"] * 2

    def test_by_the_kernels_word(self) -> None:
        """A cooked capture has no destination MAC, but says that it was for somebody else."""
        lines = [f"{line.split(' to=')[0]} nomac dir=other" for line in self.FLOODED]
        assert known(self.client(*lines), self.SERVER)[2:] == ["syn-ack misdelivered"] * 2

    def test_the_host_answered(self) -> None:
        """It answered, and nothing else arrived: a virtual MAC, its own in truth."""
        client = self.client(self.FLOODED[0], "0.021 client > server A 101/901 from=client")
        assert known(client, self.SERVER)[2:4] == ["syn-ack delivered", "syn-ack lost"]

    def test_answered_something_proper(self) -> None:
        """It answered the one that was for it; the flooded one stays misdelivered."""
        server = self.SERVER.replace("1.011 server > client SA 900/101 to=stale",
                                     "1.011 server > client SA 900/101")  # fmt: skip
        client = self.client(
            self.FLOODED[0], "1.020 server > client SA 900/101", "1.021 client > server A 101/901"
        )
        assert known(client, server)[2:4] == ["syn-ack misdelivered", "syn-ack delivered"]

    def test_a_syn(self) -> None:
        """A stale entry at the client: its SYNs reach the server's port and not the server."""
        client = f"{BEFORE}\n0.0 client > server S 100 to=stale\n{AFTER}"
        server = f"{BEFORE}\n{ALIVE_SERVER}\n0.010 client > server S 100 to=stale\n{AFTER}"
        assert "syn misdelivered" in known(client, server)

    def test_broadcast(self) -> None:
        """To everybody is to this host too."""
        scene = read(f"at client\n{self.client(*self.FLOODED)}\nat server\n{self.SERVER}")
        broadcast = 0xFFFF_FFFF_FFFF
        scene.rows = [tuple(broadcast if v == mac("stale") else v for v in row)
                      for row in scene.rows]  # fmt: skip
        found = fates(scene.match(known={"client": 0, "server": 0}))
        assert found[2:] == ["syn-ack delivered"] * 2


ALIVE_SERVER = """-1.0 second > server S 7
    -0.9 server > second SA 8/8"""


class TestMatched:
    """The rest of what match tells."""

    def test_two_pairs_of_hosts(self) -> None:
        """Two pairs that share no packet with each other: each pair's clocks are compared by
        what it shares, or a loss in it could not be witnessed, nor an arrival be paired."""
        scene = read("""
            at client
            -20.0 alive
            0.000 client > server S 100 ts=1
            0.020 server > client SA 900/101 ts=2
            0.021 client > server A 101/901 ts=3
            20.0 alive
            at server clock=-1800
            -20.0 alive
            0.010 client > server S 100 ts=1
            0.011 server > client SA 900/101 ts=2
            0.031 client > server A 101/901 ts=3
            20.0 alive
            at second clock=900
            -1.0 alive
            0.000 second > other S 100 ts=1
            0.020 other > second SA 900/101 ts=2
            0.021 second > other A 101/901 ts=3
            1.000 second:7 > other S 50 ts=4
            2.000 second:7 > other S 50 ts=5
            3.0 alive
            at other clock=3600
            -1.0 alive
            0.010 second > other S 100 ts=1
            0.011 other > second SA 900/101 ts=2
            0.031 second > other A 101/901 ts=3
            2.010 second:7 > other S 50 ts=5
            2.011 other > second:7 SA 60/51 ts=6
            3.0 alive""")
        found = scene.match()
        assert Counter(fates(found)) == {
            "syn delivered": 3, "syn-ack delivered": 2, "ack delivered": 2,
            "syn lost": 1, "syn-ack lost": 1,
        }  # fmt: skip
        assert sorted(c.grade for c in found.clocks) == [
            "absent", "accurate", "accurate", "accurate",
        ]  # fmt: skip

    def test_client_alone(self) -> None:
        """What was flooded past a client is foreign to it, with no server's capture needed."""
        scene = read(f"at client\n{ALIVE}\n0.020 server > client SA 900/101 to=stale")
        matched = scene.match()
        assert matched.foreign.tolist() == [False, True]
        assert len(matched.transmissions) == 0

    def test_hosts_of_unseen_attempts(self) -> None:
        """The server's host is known by its address, though its capture lacks this attempt."""
        scene = read(f"at client\n{ALIVE}\nat server\n{BEFORE}\n{ALIVE_SERVER}\n{AFTER}")
        matched = scene.match()
        rows = dict(zip(matched.sightings["client_lo"][matched.client].tolist(),
                        matched.server_host.tolist(), strict=True))  # fmt: skip
        assert rows[ip("client")[1]] == matched.hosts.index("server")
        assert matched.server.tolist().count(-1) == 1

    def test_aligned(self) -> None:
        """Times on the reference clock; a missing time stays missing."""
        scene = read(f"at client\n{ALIVE}\nat server clock=3600\n0.010 client > server S 100")
        matched = scene.match(known={"client": 0, "server": 3600 * 10**9})
        assert matched.aligned(np.array([0, 1])).tolist() == [ns(0), ns(0.010)]
        matched.segments["time"][0] = NO_TIME
        assert matched.aligned(np.array([0])).tolist() == [NO_TIME]

    def test_nothing(self) -> None:
        """No segment at all."""
        scene = read("at client\n0 alive\nat server\n0 alive")
        matched = scene.match()
        assert (matched.attempts, len(matched.transmissions)) == (0, 0)
        assert [c.grade for c in matched.clocks] == ["accurate", "absent"]


@pytest.mark.parametrize(
    ("later", "fates"),
    [("", ["delivered"]), ("3.0 server > client SA 900/101", ["misdelivered", "unwitnessed"])],
    ids=["all of them", "not the last"],
)
def test_whose_mac_a_reset_answers(later: str, fates: list[str]) -> None:
    """A client that resets has got a SYN-ACK: of a MAC that is foreign by number alone, unless
    one was sent to its own, which its capture missed."""
    client = f"""{BEFORE}
        -4.0 client > server:7 S 50
        -3.9 server:7 > client SA 60/51
        {SYN_AT_CLIENT}
        0.012 server > client SA 900/101 to=stale
        3.1 client > server R 101
        {AFTER}"""
    server = f"""-3.95 server:7 > client SA 60/51
        0.010 client > server S 100
        0.011 server > client SA 900/101 to=stale
        {later}
        20 alive"""
    found = [one.split()[1] for one in known(client, server, at_client="drops=9")
             if one.startswith("syn-ack")]  # fmt: skip
    assert found[-len(fates) :] == fates


@pytest.mark.parametrize(
    ("came", "stamps", "fate"),
    [("8.020", "", "lost"), ("1.020", "", "delivered"), ("8.020", "ts=7", "delivered")],
    ids=["too late for it", "soon enough", "known by its timestamp"],
)
def test_what_comes_long_after_is_a_repetition(came: str, stamps: str, fate: str) -> None:
    """The server's capture ended before the SYN-ACK was repeated; the client got a repetition."""
    client = f"-5.0 alive\n{SYN_AT_CLIENT}\n{came} server > client SA 900/101 {stamps}\n20 alive"
    server = f"0.010 client > server S 100\n0.011 server > client SA 900/101 {stamps}\n0.9 alive"
    assert known(client, server) == ["syn delivered", f"syn-ack {fate}"]


def test_written_traces_are_what_captures_say(tmp_path: Path) -> None:
    """The segments that tests write down are those that synack reads from such files."""
    scene = read(f"""at client
        {ALIVE}
        0.020 server > client SA 900/101 ts=7
        0.021 server > client A 901/101 len=9 ttl=63 from=router
        0.022 client > server A 101/901
        0.060 client > server R 101""")
    path = tmp_path / "client.pcap"
    path.write_bytes(build.pcap(scene.frames[0], nanoseconds=True))
    collector = Collector(0)
    reader = open_capture(path)
    file = collector.read(0, reader)
    reader.close()
    segments, _ = collector.tables()
    for name, column in scene.segments.columns.items():
        if name not in {"window", "tsecr"}:
            assert segments[name].tolist() == column.tolist(), name
    assert (file.first, file.last) == (scene.captures[0].first, scene.captures[0].last)


def test_a_short_snaplen_at_one_end_loses_nothing(tmp_path: Path) -> None:
    """TCP options are cut off in one capture and not in the other: the same segments."""
    story = Path(__file__).parents[1] / "fixtures" / "healthy"
    for path in story.glob("*.pcap"):
        with open_capture(path) as reader:
            cut = 68 if path.name.startswith("broker") else 128
            records = [(r.time, r.data[:cut], r.original_length) for r in reader]
        (tmp_path / path.name).write_bytes(build.pcap(records, nanoseconds=True))
    done = run(load([str(tmp_path)]))
    assert set(done.attempts["outcome"].tolist()) == {Outcome.COMPLETED}
    lost = done.matched.transmissions["fate"] == FATES.index("lost")
    assert int(lost.sum()) == 1
    assert [clock.grade for clock in done.matched.clocks] == ["accurate"] * 3


def test_a_repetition_bounds_no_clock() -> None:
    """The client's capture ends after its first SYN, which was lost; the server has only the
    second one, without TSval: taken for one packet they would set the clocks a second
    apart. With TSval they differ, and with the capture going on both are in it."""
    client, ends = "0.0 client > server S 100 {}", "0.3 alive"
    server = "-9.0 alive\n1.0 client > server S 100 {}\n9.0 alive"
    for stamps in (("", ""), ("ts=7", "ts=8")):
        scene = read(
            f"at client\n-9.0 alive\n{client.format(stamps[0])}\n{ends}\n"
            f"at server\n{server.format(stamps[1])}"
        )
        matched = scene.match()
        assert [clock.grade for clock in matched.clocks] == ["accurate", "absent"]
        assert [clock.offset for clock in matched.clocks] == [0, 0]
