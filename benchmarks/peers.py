"""What others make of the same captures, one file at a time.

- ``tshark``: `tcp.completeness` of each stream, in the server's capture if there is one.
- ``Zeek (emulated)``: the connection states of its documentation (conn.log, conn_state),
  worked out from the same flags; the real Zeek was not at hand.
- ``packet diff``: what one capture has and the other has not, without clocks or windows.
- ``MAC compare``: an unfinished handshake whose SYN-ACK goes to another MAC than its SYN came
  from; the rule of thumb of many postmortems. Outcomes as those of tshark.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[Any, ...]
PEERS = ("tshark", "Zeek (emulated)", "packet diff", "MAC compare")
FIELDS = (
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.seq_raw",
    "tcp.ack_raw", "tcp.flags", "tcp.completeness", "tcp.stream", "eth.src", "eth.dst",
)  # fmt: skip
SYN, SYN_ACK, ACK, DATA, FIN, RST = (1 << n for n in range(6))


@dataclass
class Said:
    """Outcomes by attempt, and accusations (IP, wrong MAC, right MAC)."""

    outcomes: dict[Key, str] = field(default_factory=dict)
    accused: set[tuple[str, ...]] = field(default_factory=set)


def verdicts(folder: Path, truth: dict[str, Any]) -> dict[str, Said]:
    """What each peer says about the captures in ``folder``."""
    owner = {a: name for name, host in truth["hosts"].items() for a in host["addresses"]}
    said = {name: Said() for name in PEERS}
    seen: dict[str, list[dict[str, str]]] = {}
    for path in sorted(folder.glob("*.pcap*")):
        host = path.name.partition("-eth")[0]
        seen.setdefault(host, []).extend(_rows(path))
    for host, rows in seen.items():
        for key, stream in _streams(rows).items():
            mine = key in said["tshark"].outcomes and owner.get(key[2]) != host
            if mine:
                continue  # the server's own capture knows more
            completeness = int(stream[-1]["tcp.completeness"] or 0)
            said["tshark"].outcomes[key] = by_completeness(completeness)
            said["MAC compare"].outcomes[key] = by_completeness(completeness)
            said["Zeek (emulated)"].outcomes[key] = by_state(stream)
            if not completeness & ACK:
                said["MAC compare"].accused |= _other_mac(stream)
    said["packet diff"].outcomes = _diff(seen, owner)
    return said


def _rows(path: Path) -> list[dict[str, str]]:
    # Of a segment that is quoted or cut off some fields may be missing.
    whole = "tcp.flags and tcp.seq_raw and tcp.ack_raw"
    command = ["tshark", "-n", "-r", str(path), "-Y", whole, "-T", "fields", "-E", "occurrence=l"]
    for name in FIELDS:
        command += ["-e", name]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in text.splitlines()]


def _flags(row: dict[str, str]) -> int:
    return int(row["tcp.flags"], 16)


def _ends(row: dict[str, str]) -> tuple[str, str]:
    return row["ip.src"] or row["ipv6.src"], row["ip.dst"] or row["ipv6.dst"]


def _streams(rows: list[dict[str, str]]) -> dict[Key, list[dict[str, str]]]:
    """Streams by attempt (addresses, ports, ISN of the client)."""
    by_number: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_number.setdefault(row["tcp.stream"], []).append(row)
    named = {}
    for stream in by_number.values():
        for row in stream:
            src, dst = _ends(row)
            if _flags(row) & 0x12 == 0x02:
                isn = int(row["tcp.seq_raw"])
                named[src, int(row["tcp.srcport"]), dst, int(row["tcp.dstport"]), isn] = stream
                break
    return named


def by_completeness(bits: int) -> str:
    """The nearest of synack's words; without both ends no lost leg can be told."""
    if bits & SYN_ACK and bits & ACK:
        return "completed"
    if bits & RST:
        return "rejected" if bits & SYN_ACK else "refused"
    return "unacknowledged" if bits & SYN_ACK else "unanswered"


def by_state(stream: list[dict[str, str]]) -> str:
    """Zeek's conn_state as documented: S0 (attempt, no reply), REJ, RSTO, RSTR, RSTOS0, and S1,
    SF and the like, which a SYN and a SYN-ACK are enough for ("established")."""
    opener = _ends(stream[0])[0]
    answered = any(_flags(r) & 0x12 == 0x12 for r in stream)
    resets = [r for r in stream if _flags(r) & 4]
    if answered:
        early = resets and not any(_flags(r) & 0x3F in (0x10, 0x18, 0x11) for r in stream)
        return "rejected" if early else "completed"
    if any(_ends(r)[0] != opener for r in resets):
        return "refused"  # REJ
    return "unanswered"  # S0, RSTOS0


def _other_mac(stream: list[dict[str, str]]) -> set[tuple[str, ...]]:
    """SYN-ACKs to another MAC than the SYN came from."""
    came = {r["eth.src"] for r in stream if _flags(r) & 0x12 == 0x02 and r["eth.src"]}
    return {
        (_ends(r)[1], r["eth.dst"], mac)
        for r in stream
        for mac in came
        if _flags(r) & 0x12 == 0x12 and r["eth.dst"] and r["eth.dst"] not in came
    }


def _diff(seen: dict[str, list[dict[str, str]]], owner: dict[str, str]) -> dict[Key, str]:
    """An attempt is lost where the first segment is missing that the other capture has."""
    said: dict[Key, str] = {}
    bags = {host: Counter(_same(row) for row in rows) for host, rows in seen.items()}
    for host, rows in seen.items():
        for key, stream in _streams(rows).items():
            client, server = bags.get(owner.get(key[0], "")), bags.get(owner.get(key[2], ""))
            if client is None or server is None:
                said.setdefault(key, "inconclusive")
                continue
            legs = {name: [_same(r) for r in stream if _flags(r) & 0x17 == flags]
                    for name, flags in (("syn", 2), ("syn-ack", 18), ("ack", 16))}  # fmt: skip
            for leg, receiver in (("syn", server), ("syn-ack", client), ("ack", server)):
                if legs[leg] and not any(segment in receiver for segment in legs[leg]):
                    said[key] = f"{leg}-lost"
                    break
            else:
                if said.get(key, "inconclusive") == "inconclusive":
                    done = legs["syn-ack"] and legs["ack"]
                    said[key] = "completed" if done else "no-reply"
            if host == owner.get(key[2]):
                continue
    return said


def _same(row: dict[str, str]) -> Key:
    return (*_ends(row), *(row[f"tcp.{n}"] for n in ("srcport", "dstport", "seq_raw", "ack_raw",
                                                     "flags")))  # fmt: skip
