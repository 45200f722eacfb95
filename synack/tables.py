"""The tables that flow through synack: every column, its dtype, unit and meaning.

Inside, a table is a :class:`Table`: numpy columns of equal length, integers for
times (ns since 1970 UTC), addresses and MACs (see :mod:`synack.addresses`). At the
edges it is shown with the columns that :mod:`synack.report.edges` promises. Nothing
here imports pandas: most commands never need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

NO_TIME = -(2**63)
"""A time that was not recorded; the same bits as pandas' NaT."""

Array = NDArray[Any]


class Column(NamedTuple):
    """One column: its name, numpy dtype, and meaning with unit."""

    name: str
    dtype: str
    meaning: str


class Schema:
    """An ordered set of columns under a name."""

    def __init__(self, name: str, *columns: tuple[str, ...]) -> None:
        self.name = name
        self.columns = tuple(Column(*column) for column in columns)
        self.dtypes = {column.name: np.dtype(column.dtype) for column in self.columns}


class Table:
    """Equal-length numpy columns that match a :class:`Schema`.

    ``table["time"]`` is the column itself, not a copy. Rows are selected with
    :meth:`take` by a boolean mask or by positions.
    """

    __slots__ = ("columns", "schema")

    def __init__(self, schema: Schema, columns: Mapping[str, Array]) -> None:
        self.schema = schema
        self.columns: dict[str, Array] = {}
        lengths = set()
        for name, dtype in schema.dtypes.items():
            column = np.asarray(columns[name], dtype=dtype)
            self.columns[name] = column
            lengths.add(len(column))
        if len(lengths) > 1 or set(columns) - set(schema.dtypes):
            raise ValueError(f"{schema.name}: columns differ in length or are not of the schema")

    @classmethod
    def empty(cls, schema: Schema) -> Table:
        return cls(schema, {name: np.empty(0, dtype) for name, dtype in schema.dtypes.items()})

    @classmethod
    def from_rows(cls, schema: Schema, rows: Iterable[tuple[Any, ...]]) -> Table:
        """A small table from tuples in column order."""
        columns = list(zip(*rows, strict=True)) or [()] * len(schema.dtypes)
        return cls(
            schema,
            {
                name: np.array(values, dtype)
                for (name, dtype), values in zip(schema.dtypes.items(), columns, strict=True)
            },
        )

    @classmethod
    def concat(cls, schema: Schema, tables: Iterable[Table]) -> Table:
        parts = list(tables)
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty(schema)
        return cls(schema, {name: end_to_end([p[name] for p in parts]) for name in schema.dtypes})

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __repr__(self) -> str:
        return f"<{self.schema.name}: {len(self)} rows x {len(self.columns)} columns>"

    def take(self, rows: Array) -> Table:
        return Table(self.schema, {name: column[rows] for name, column in self.columns.items()})

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict of Python values: for reports and small tables only."""
        names = list(self.columns)
        for values in zip(*(column.tolist() for column in self.columns.values()), strict=True):
            yield dict(zip(names, values, strict=True))


def uniform(value: int, dtype: DTypeLike, rows: int) -> Array:
    """A column that has one value in all ``rows``, and takes the memory of one."""
    return np.broadcast_to(np.array(value, dtype), rows)


def end_to_end(columns: Sequence[Array]) -> Array:
    """One column after the other; if all of them are :func:`uniform`, so is the result."""
    values = {int(c[0]) if c.strides == (0,) else None for c in columns if len(c)}
    value = values.pop() if len(values) == 1 else None
    if value is None:
        return np.concatenate(columns)
    return uniform(value, columns[0].dtype, sum(map(len, columns)))


# What a segment is to a handshake.
SYN, SYN_ACK, ACK, RST, QUOTE = range(1, 6)
"""``kind`` of a segment. ACK: no SYN, no RST, kept because it completes, challenges or
continues a pending handshake. QUOTE: an ICMP error; the row describes the quoted segment."""

# Direction of a frame as the capturing host's kernel noted it (SLL packet type, pcapng epb_flags).
UNKNOWN, INBOUND, OUTBOUND, OTHER_HOST = range(4)

SEGMENTS = Schema(
    "segments",
    ("capture", "i4", "row of the capture in `captures`"),
    ("file", "i4", "row of the file in `files`"),
    ("frame", "i8", "frame number as Wireshark shows it for that file"),
    ("time", "i8", "ns since 1970 UTC by the capture's own clock; NO_TIME if not recorded"),
    ("kind", "u1", "SYN, SYN_ACK, ACK, RST or QUOTE"),
    ("src_hi", "u8", "source address, upper half"),
    ("src_lo", "u8", "source address, lower half"),
    ("dst_hi", "u8", "destination address, upper half"),
    ("dst_lo", "u8", "destination address, lower half"),
    ("src_port", "u2", "source port"),
    ("dst_port", "u2", "destination port"),
    ("seq", "u4", "sequence number"),
    ("ack", "u4", "acknowledgment number; 0 without the ACK flag"),
    ("flags", "u2", "TCP flags, FIN in bit 0; 0 when a quote does not reach them"),
    ("window", "u2", "window as on the wire, unscaled"),
    ("payload", "i4", "bytes of TCP payload by the IP header, whatever was captured"),
    ("ttl", "u1", "TTL or hop limit"),
    ("ip_id", "u2", "identification of IPv4 (RFC 6864), 0 where it says nothing or is none"),
    ("tsval", "i8", "TSval of RFC 7323, -1 without the option"),
    ("tsecr", "i8", "TSecr of RFC 7323, -1 without the option"),
    ("src_mac", "i8", "source MAC, of the inner frame in a tunnel; NO_MAC where there is none"),
    ("dst_mac", "i8", "destination MAC, likewise; SLL, SLL2 and raw IP have none"),
    ("direction", "i1", "UNKNOWN, INBOUND, OUTBOUND or OTHER_HOST"),
    ("interface", "i4", "interface index inside the capture (pcapng, SLL2), else 0"),
    ("vlan", "i4", "innermost 802.1Q VLAN id, -1 without a tag"),
    ("icmp", "i4", "of a QUOTE: ICMP type * 256 + code, + 65536 for ICMPv6; else -1"),
)

# Operations that claim or ask for an address.
ARP_REQUEST, ARP_REPLY, ND_SOLICIT, ND_ADVERT = 1, 2, 135, 136

CLAIMS = Schema(
    "claims",
    ("capture", "i4", "row of the capture in `captures`"),
    ("file", "i4", "row of the file in `files`"),
    ("frame", "i8", "frame number as Wireshark shows it for that file"),
    ("time", "i8", "ns since 1970 UTC by the capture's own clock"),
    ("op", "i2", "ARP operation (RFC 826) or ICMPv6 type (RFC 4861)"),
    ("ip_hi", "u8", "sender protocol address (ARP), source or target that claims (ND)"),
    ("ip_lo", "u8", "lower half of it"),
    ("mac", "i8", "hardware address claimed for that IP, NO_MAC if the message carries none"),
    ("asked_hi", "u8", "address asked for (ARP target, NS target)"),
    ("asked_lo", "u8", "lower half of it"),
    ("src_mac", "i8", "source MAC of the frame"),
    ("dst_mac", "i8", "destination MAC of the frame"),
    ("direction", "i1", "UNKNOWN, INBOUND, OUTBOUND or OTHER_HOST"),
)

TUNNELS = Schema(
    "tunnels",
    ("capture", "i4", "row of the capture in `captures`"),
    ("file", "i4", "row of the file in `files`"),
    ("frame", "i8", "frame of the segment that came through a tunnel, as in `segments`"),
    ("kind", "O", "vxlan, geneve, gre (also ERSPAN) or ipip, str; the innermost of several"),
    ("id", "i8", "VNI of VXLAN or GENEVE, GRE key; -1 without"),
    ("outer_src_hi", "u8", "source address of the packet around it, upper half"),
    ("outer_src_lo", "u8", "lower half of it"),
    ("outer_dst_hi", "u8", "destination address of the packet around it, upper half"),
    ("outer_dst_lo", "u8", "lower half of it"),
)

SIGHTINGS = Schema(
    "sightings",
    ("capture", "i4", "row of the capture in `captures`"),
    ("client_hi", "u8", "client address, upper half"),
    ("client_lo", "u8", "client address, lower half"),
    ("server_hi", "u8", "server address, upper half"),
    ("server_lo", "u8", "server address, lower half"),
    ("client_port", "u2", "client port"),
    ("server_port", "u2", "server port"),
    ("client_isn", "u4", "initial sequence number of the SYN"),
    ("state", "u1", "last state of states.State"),
    ("seen", "u2", "bit set of the states.Event kinds that were seen"),
    ("first", "i8", "time of its first segment here, ns"),
    ("last", "i8", "time of its last segment here, ns"),
    ("row", "i8", "row of `segments`: the first of it"),
    ("syn_row", "i8", "row of `segments`: the first SYN, -1 none"),
    ("syn_ack_row", "i8", "row of `segments`: the first SYN-ACK, -1 none"),
    ("several_macs", "?", "whether frames of one end came from more than one MAC"),
)

IDENTITY = tuple(column[0] for column in SIGHTINGS.columns[1:8])
"""The columns that make two sightings the same attempt."""

ATTEMPTS = Schema(
    "attempts",
    *[tuple(column) for column in SIGHTINGS.columns[1:8]],
    ("first", "i8", "time of its first segment, ns, on the reference clock"),
    ("last", "i8", "time of its last segment, ns, on the reference clock"),
    ("outcome", "u1", "index into model.OUTCOMES"),
    ("reason", "u1", "index into outcome.REASONS: what was missing, for `inconclusive`"),
    ("client_host", "i4", "row of the client's host, -1 when it did not capture this attempt"),
    ("server_host", "i4", "row of the server's host, -1 when it did not capture this attempt"),
    ("syn_sent", "i4", "SYN transmissions at the client; -1 not observable"),
    ("syn_received", "i4", "SYN arrivals at the server; -1 not observable"),
    ("syn_ack_sent", "i4", "SYN-ACK transmissions at the server; -1 not observable"),
    ("syn_ack_received", "i4", "SYN-ACK arrivals at the client, addressed to it; -1 n/o"),
    ("ack_sent", "i4", "ACKs of the handshake sent by the client; -1 not observable"),
    ("ack_received", "i4", "of those, arrivals at the server; -1 not observable"),
    ("syn_src_mac", "i8", "source MAC of the SYN, as near to the server as it was recorded"),
    ("syn_ack_dst_mac", "i8", "destination MAC of the last SYN-ACK, as near to the server"),
    ("retransmissions", "i4", "repeated SYNs and SYN-ACKs, at the side that sent them"),
    ("rtt_ns", "i8", "SYN to SYN-ACK at the client, else SYN-ACK to ACK at the server; -1"),
    ("finding", "i4", "position of the finding that explains it, -1 none"),
)

_FATE_COUNTS = [
    (f"{leg}_{fate}", "i4", f"{leg} transmissions that are {fate}; -1 sender not captured")
    for leg in ("syn", "syn_ack", "ack")
    for fate in ("lost", "misdelivered", "unwitnessed")
]

DETAILS = Schema(
    "details",
    *_FATE_COUNTS,
    ("reason", "u1", "index into details.WHY: why inconclusive, or why unwitnessed"),
    ("syn_delay_min_ns", "i8", "least that the only SYN was on its way; -1 not known"),
    ("syn_delay_max_ns", "i8", "most that it was; -1 not known"),
    ("syn_ack_delay_min_ns", "i8", "likewise of the only SYN-ACK; -1 not known"),
    ("syn_ack_delay_max_ns", "i8", "most that it was; -1 not known"),
    ("clock_doubt_ns", "i8", "what the hosts' aligned clocks may be apart; -1 not two hosts"),
    ("copies", "i4", "packets that a capture recorded once more"),
    ("last", "i8", "time of its last segment, ns, on the reference clock"),
    ("client_state", "i1", "states.State at the client; -1 not in its capture"),
    ("client_file", "i4", "row in `files` of its first segment at the client, -1 none"),
    ("client_frame", "i8", "frame of that segment, -1 none"),
    ("server_state", "i1", "states.State at the server; -1 not in its capture"),
    ("server_file", "i4", "row in `files` of its first segment at the server, -1 none"),
    ("server_frame", "i8", "frame of that segment, -1 none"),
    ("translated", "?", "whether it has other addresses or ports at the server's side"),
    ("translated_client_hi", "u8", "client address at the server's side, upper half"),
    ("translated_client_lo", "u8", "lower half of it"),
    ("translated_client_port", "i4", "client port at the server's side, -1 if the same"),
    ("translated_server_hi", "u8", "server address at the server's side, upper half"),
    ("translated_server_lo", "u8", "lower half of it"),
    ("translated_server_port", "i4", "server port at the server's side, -1 if the same"),
    ("path", "i4", "index into path.Paths.names: the captures that saw it; -1 fewer than two"),
    ("vanished", "i4", "index into path.Paths.losses: what vanished where; -1 nothing known"),
)
"""What `handshakes --wide` shows besides :data:`ATTEMPTS`; row for row."""

TRANSMISSIONS = Schema(
    "transmissions",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "states.Event: what was sent"),
    ("sent", "i4", "row of `segments`: the segment at its sender"),
    ("arrived", "i4", "row of `segments`: the same segment at the peer, -1 none"),
    ("fate", "u1", "index into model.FATES"),
    ("cause", "u1", "index into coverage.CAUSES: why it is unwitnessed, 0 if it is not"),
)

VANISHED = Schema(
    "vanished",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "states.Event: SYN, SYN_ACK or ACK"),
    ("row", "i8", "row of `segments`: it at the last place that has it"),
    ("after", "i4", "index into path.Paths.places: that place"),
    ("before", "i4", "likewise the first place after that, which would have shown it"),
    ("by_tap", "?", "whether one of these is at neither end"),
    ("whole", "?", "whether nothing of its leg and attempt is there, or beyond"),
)

RUNGS = Schema(
    "rungs",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "states.Event: what was sent"),
    ("number", "i4", "which of the attempt's transmissions of this leg it is, from 1"),
    ("of", "i4", "how many of these there are"),
    (
        "side",
        "i1",
        "vantage.CLIENT or SERVER: the end it comes from; of an ICMP error the end"
        " that it does not go to, whoever sent it",
    ),
    ("sent", "i4", "row of `segments`: it at that end, -1 not seen there"),
    ("arrived", "i4", "row of `segments`: it at the other end, -1 not seen there"),
    ("sent_at", "i8", "time there, ns, on the reference clock; NO_TIME when there is none"),
    ("arrived_at", "i8", "likewise at the other end"),
    ("fate", "u1", "index into model.FATES"),
    ("cause", "u1", "index into coverage.CAUSES: why it is unwitnessed, 0 if it is not"),
    ("doubt_ns", "i8", "what the aligned clocks of its ends may be apart; -1 not two hosts"),
    ("after", "i4", "index into path.Paths.places: the last that has it, -1 not known"),
    ("before", "i4", "likewise the first after that, which would have shown it"),
    ("by_tap", "?", "whether one of these is at neither end"),
)
"""What was sent in some attempts, as every capture saw it: by attempt, then in order of time."""

PASSED = Schema(
    "passed",
    ("rung", "i4", "row of `rungs`"),
    ("row", "i4", "row of `segments`: it where neither end captured it: at a tap"),
    ("at", "i8", "time there, ns, on the reference clock; NO_TIME when there is none"),
)

ENTRIES = Schema(
    "entries",
    ("host", "O", "host that the table is of, str; empty when nothing says"),
    ("interface", "O", "interface, str; empty when the dump does not say"),
    ("ip_hi", "u8", "address, upper half"),
    ("ip_lo", "u8", "address, lower half"),
    ("mac", "i8", "MAC, NO_MAC when it has none of 6 bytes"),
    ("state", "O", "NUD state, str; see neighbors.entry"),
    ("flags", "O", "flags, sorted, joined by spaces, str"),
    ("used_s", "i8", "age of `used`, whole seconds; -1 not printed"),
    ("confirmed_s", "i8", "age of `confirmed`, whole seconds; -1 not printed"),
    ("updated_s", "i8", "age of `updated`, whole seconds; -1 not printed"),
    ("probes", "i8", "probes; -1 not printed"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when nothing says"),
    ("at_weak", "?", "`at` is only the file's own time of change"),
    ("format", "O", "the command that printed it, str"),
    ("event", "?", "from a monitor: a change at that moment, not a state found"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

SOCKETS = Schema(
    "sockets",
    ("host", "O", "host that the socket is on, str; empty when nothing says"),
    ("interface", "O", "interface the socket is bound to (`%eth0`), str; empty when none"),
    ("local_hi", "u8", "local address, upper half; 0.0.0.0 and :: mean any, `*` is ::"),
    ("local_lo", "u8", "local address, lower half"),
    ("local_port", "i4", "local port"),
    ("peer_hi", "u8", "address of the peer, upper half"),
    ("peer_lo", "u8", "address of the peer, lower half"),
    ("peer_port", "i4", "port of the peer, 0 for a listening socket"),
    ("state", "O", "RFC 9293 name (SYN-RECEIVED), str; empty when the dump does not say"),
    ("recv_q", "i8", "bytes not read; of LISTEN: connections not accepted; -1 not printed"),
    ("send_q", "i8", "bytes not acknowledged; -1 not printed, or of LISTEN"),
    ("backlog", "i8", "of LISTEN: how many connections may wait; -1 not printed"),
    ("timer", "O", "on (retransmission), keepalive, timewait, persist or off, str; empty: n/p"),
    ("expires_ns", "i8", "ns until the timer expires; -1 not printed"),
    ("retrans", "i8", "retransmissions so far; -1 not printed"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when the file does not say"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

COUNTERS = Schema(
    "counters",
    ("host", "O", "host that counts, str; empty when nothing says"),
    ("scope", "O", "interface or neighbor cache that is counted, str; empty: the whole host"),
    ("name", "O", "the kernel's name: TcpExtListenDrops, rx_otherhost, table_fulls; str"),
    ("value", "i8", "its value since the host or the interface came up"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when the file does not say"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

RISES = Schema(
    "rises",
    ("host", "O", "host that counts, str"),
    ("scope", "O", "as in `counters`"),
    ("name", "O", "as in `counters`"),
    ("rise", "i8", "by how much it rose; only what did"),
    ("earlier_at", "i8", "time of the first dump, ns since 1970 UTC; NO_TIME unknown"),
    ("earlier_file", "O", "path of the first dump, str"),
    ("earlier_line", "i8", "line in it; -1 where a zero was left out"),
    ("later_at", "i8", "time of the last dump, ns since 1970 UTC; NO_TIME unknown"),
    ("later_file", "O", "path of the last dump, str"),
    ("later_line", "i8", "line in it"),
)

KERNEL_EVENTS = Schema(
    "kernel events",
    ("host", "O", "host that logged it, str; empty when nothing says"),
    ("kind", "O", "one of context.kernel_log.KINDS, str"),
    ("interface", "O", "interface, str; empty when the message names none"),
    ("ip_hi", "u8", "address that the message names, upper half; NO_IP none"),
    ("ip_lo", "u8", "lower half of it"),
    ("mac", "i8", "MAC that the message names, NO_MAC none"),
    ("port", "i4", "port that the message names, -1 none"),
    ("since_boot_ns", "i8", "ns since boot, -1 not printed"),
    ("text", "O", "the message, at most 200 characters, str"),
    ("at", "i8", "when it was logged, ns since 1970 UTC; NO_TIME when nothing says"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

SETTINGS = Schema(
    "settings",
    ("host", "O", "host it is set on, str; empty when nothing says"),
    ("name", "O", "as sysctl spells it (net.ipv4.neigh.default.gc_thresh1), or btime; str"),
    ("value", "O", "as printed, str"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when the file does not say"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

OWN = Schema(
    "own",
    ("host", "O", "host that has the interface, str; empty when nothing says"),
    ("interface", "O", "interface, str"),
    ("ip_hi", "u8", "own address, upper half; NO_IP for an interface without any"),
    ("ip_lo", "u8", "lower half of it"),
    ("prefix", "i4", "prefix length, IPv4 as of 32; -1 without address or not printed"),
    ("mac", "i8", "own MAC, NO_MAC when it has none of 6 bytes"),
    ("up", "i1", "1 the link is up, 0 down, -1 not printed"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when the file does not say"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

ROUTES = Schema(
    "routes",
    ("host", "O", "host that routes, str; empty when nothing says"),
    ("to_hi", "u8", "destination, upper half; 0.0.0.0 or :: for the default route"),
    ("to_lo", "u8", "lower half of it"),
    ("prefix", "i4", "prefix length, IPv4 as of 32; 0 for the default route"),
    ("via_hi", "u8", "gateway, upper half; NO_IP: on-link"),
    ("via_lo", "u8", "lower half of it"),
    ("interface", "O", "interface, str; empty when not printed"),
    ("type", "O", "unicast, blackhole, unreachable, ..., or get: an answer of `ip route get`; str"),
    ("metric", "i8", "metric, -1 not printed"),
    ("at", "i8", "when it held, ns since 1970 UTC; NO_TIME when the file does not say"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

OWNERS = Schema(
    "owners",
    ("kind", "O", "inventory (what is), event (what was done) or lease (what was granted), str"),
    ("ip_hi", "u8", "address, upper half"),
    ("ip_lo", "u8", "lower half of it"),
    ("mac", "i8", "MAC that has it, NO_MAC when the source does not say"),
    ("name", "O", "who has it: instance, interface or host name; str"),
    ("from_ns", "i8", "since when, ns since 1970 UTC; NO_TIME not said"),
    ("until_ns", "i8", "until when, ns since 1970 UTC; NO_TIME not said, or still"),
    ("says", "O", "the source's words: state, event, description; str"),
    ("at", "i8", "when the source was asked, ns since 1970 UTC; NO_TIME when nothing says"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)

OWNERSHIP = Schema(
    "ownership",
    ("ip_hi", "u8", "address, upper half"),
    ("ip_lo", "u8", "lower half of it"),
    ("mac", "i8", "MAC that has it; NO_MAC when the source names only who has it"),
    ("first", "i8", "first time it is known to, ns on the reference clock; NO_TIME unknown"),
    ("last", "i8", "last time it is known to, likewise"),
    ("until", "i8", "when another is first known to: it went between `last` and then; NO_TIME"),
    ("kind", "u1", "index into diagnosis.ownership.KINDS: what says so, the strongest first"),
    ("host", "O", "host whose capture, table or command says so, str; empty: none"),
    ("name", "O", "who has it: instance, interface or host name, str; empty when not said"),
    ("records", "i8", "frames or lines that say so"),
    ("file", "O", "path of the first of them, str"),
    ("frame", "i8", "frame of it, -1 for a line"),
    ("line", "i8", "line of it, -1 for a frame"),
)

HISTORY = Schema(
    "history",
    ("host", "O", "host whose entry it is, str; empty when nothing says"),
    ("interface", "O", "its interface, str; empty when nothing says"),
    ("ip_hi", "u8", "address, upper half"),
    ("ip_lo", "u8", "lower half of it"),
    ("mac", "i8", "MAC that the host sends to; NO_MAC: none, the entry is gone or not usable"),
    ("state", "O", "state at the last record of it, str; empty when not said"),
    ("first", "i8", "first time it is known to be so, ns on the reference clock; NO_TIME unknown"),
    ("last", "i8", "last time it is known to be so, likewise"),
    ("until", "i8", "when it is first known to be otherwise: it changed in between; NO_TIME"),
    ("certain", "?", "whether more than a file's time of change tells when"),
    ("kind", "u1", "index into diagnosis.entries.KINDS: what says so"),
    ("records", "i8", "lines or frames that say so"),
    ("file", "O", "path of the first of them, str"),
    ("frame", "i8", "frame of it, -1 for a line"),
    ("line", "i8", "line of it, -1 for a frame"),
)

FLOWS = Schema(
    "flows",
    ("interface_id", "O", "network interface that logs, str; empty when not logged"),
    ("src_hi", "u8", "source address as the interface has it, upper half; NO_IP none"),
    ("src_lo", "u8", "lower half of it"),
    ("dst_hi", "u8", "destination address as the interface has it, upper half"),
    ("dst_lo", "u8", "lower half of it"),
    ("src_port", "i4", "source port, -1 not logged"),
    ("dst_port", "i4", "destination port, -1 not logged"),
    ("protocol", "i2", "IANA protocol number, -1 not logged"),
    ("packets", "i8", "packets, -1 not logged"),
    ("bytes", "i8", "bytes, -1 not logged"),
    ("start", "i8", "begin of the aggregation interval, ns since 1970 UTC; NO_TIME none"),
    ("end", "i8", "end of it, likewise"),
    ("action", "u1", "index into context.flow_logs.ACTIONS"),
    ("status", "u1", "index into context.flow_logs.STATUSES"),
    ("direction", "u1", "index into context.flow_logs.DIRECTIONS"),
    ("tcp_flags", "i4", "OR of the flags seen: FIN 1, SYN 2, RST 4, SYN-ACK 18; -1 not logged"),
    ("pkt_src_hi", "u8", "source address of the packets themselves, upper half; NO_IP n/l"),
    ("pkt_src_lo", "u8", "lower half of it"),
    ("pkt_dst_hi", "u8", "destination address of the packets themselves, upper half"),
    ("pkt_dst_lo", "u8", "lower half of it"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, or row of a Parquet file, from 1"),
)

APPLICATION_EVENTS = Schema(
    "application events",
    ("host", "O", "host that logged it, str; empty when nothing says"),
    ("kind", "O", "connect-failed, timed-out, disconnected or records-expired, str"),
    ("ip_hi", "u8", "address of the peer, upper half; NO_IP when it is not named"),
    ("ip_lo", "u8", "lower half of it"),
    ("name", "O", "name of the peer where the message has one, str"),
    ("port", "i4", "port of the peer, -1 not named"),
    ("records", "i8", "records that expired, requests that timed out; -1 not said"),
    ("text", "O", "the message, at most 200 characters, str"),
    ("zoned", "?", "whether `at` is in a known zone; else local time, read as UTC"),
    ("at", "i8", "when it was logged, ns since 1970 UTC; NO_TIME when nothing says"),
    ("file", "O", "path, str"),
    ("line", "i8", "line in it, from 1"),
)
