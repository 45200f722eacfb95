"""Whole fleets against the naive oracle and against the truth, and what must change nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import naive
from ends import AFTER, ALIVE, ALIVE_SERVER, BEFORE
from fleet import Host, Key, Packet, Plan, Truth, fleets, richer_fleets, shifted, simulate
from hypothesis import event, given, settings
from hypothesis import strategies as st
from traces import ip, read, segment_kind

import build
from synack.addresses import format_ip, parse_ip
from synack.capture.reader import open_capture
from synack.capture.segments import Collector
from synack.handshake.match import match
from synack.handshake.matched import Matched
from synack.handshake.outcome import judge
from synack.handshake.vantage import Vantage
from synack.model import FATES, OUTCOMES, Capture, CaptureFile, Outcome
from synack.overlap import unite
from synack.pipeline import load, run
from synack.tables import CLAIMS, SEGMENTS, TUNNELS, Table


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
            bits, 64240, p.payload, 64, p.ip_id, p.tsval, 0 if p.tsval >= 0 else -1, mac, -1, 0,
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
    missing = {name for (name, _), number in naive.Fleet(hosts).missed.items() if number}
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
            # Nor one that seems to have missed a packet: it may have missed the ACK as well.
            acks, blind = truth.lost["ack"], server.name in missing
            on = all(server.on(t) and server.on(t + naive.SETTLE) for t, _ in acks)
            if known and on and not blind:
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


# ---- case by case ---------------------------------------------------------------------------


class TestMatched:
    """The rest of what match tells."""

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

    def test_nothing(self) -> None:
        """No segment at all."""
        scene = read("at client\n0 alive\nat server\n0 alive")
        matched = scene.match()
        assert (matched.attempts, len(matched.transmissions)) == (0, 0)
        assert [c.grade for c in matched.clocks] == ["accurate", "absent"]


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
