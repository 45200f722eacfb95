"""What clients log when connections fail, in logs of any size."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import rows

from synack.context import application
from synack.context.application import is_application_log, read_application_log
from synack.context.reading import Reading
from synack.tables import NO_TIME

SECOND = 1_000_000_000
T0 = 1795574640 * SECOND  # 2026-11-25T02:44:00Z
EVENT = ("kind", "ip", "name", "port", "records")


def read(text: str | bytes) -> Reading | None:
    return read_application_log("f", [text.encode() if isinstance(text, str) else text])


MESSAGES = [
    # Apache Kafka 3.7, NetworkClient.java
    ("WARN [Producer clientId=producer-1] Connection to node 1 (broker-1.example/10.0.1.10:9092)"
     " could not be established. Broker may not be available. (org.apache.kafka.clients.Network"
     "Client)",
     ("connect-failed", "10.0.1.10", "broker-1.example", 9092, -1)),
    ("WARN [AdminClient clientId=a] Connection to node -1 (/10.0.1.10:9092) could not be"
     " established. Node may not be available.", ("connect-failed", "10.0.1.10", "", 9092, -1)),
    ("WARN Connection to node -1 (localhost/0:0:0:0:0:0:0:1:9092) could not be established.",
     ("connect-failed", "::1", "localhost", 9092, -1)),
    ("WARN Connection to node 1 could not be established. Broker may not be available.",
     ("connect-failed", "", "", -1, -1)),
    ("ERROR Connection to node 2 (b2/10.0.1.11:9094) terminated during authentication.",
     ("disconnected", "10.0.1.11", "b2", 9094, -1)),
    ("WARN [Consumer clientId=c] Bootstrap broker 10.0.1.10:9092 (id: -1 rack: null) disconnected",
     ("disconnected", "10.0.1.10", "", 9092, -1)),
    ("INFO [Producer clientId=p] Node 3 disconnected.", ("disconnected", "", "", -1, -1)),
    ("INFO [Producer clientId=p] Disconnecting from node 1 due to socket connection setup timeout."
     " The timeout value is 10477 ms.", ("timed-out", "", "", -1, -1)),
    ("INFO Disconnecting from node 1 due to request timeout.", ("timed-out", "", "", -1, -1)),
    ("ERROR org.apache.kafka.common.errors.TimeoutException: Expiring 5 record(s) for orders-0:"
     "120000 ms has passed since batch creation", ("records-expired", "", "", -1, 5)),
    ("ERROR Expiring 17 record(s) for orders-0: 30009 ms has passed since last append",
     ("records-expired", "", "", -1, 17)),
    ("INFO java.io.IOException: Connection to 2 was disconnected before the response was read",
     ("disconnected", "", "", -1, -1)),
    # librdkafka 2, rdkafka_broker.c
    ("FAIL [thrd:b1:9092/1]: b1:9092/1: Connect to ipv4#10.0.1.10:9092 failed: Connection timed out"
     " (after 131000ms in state CONNECT)", ("connect-failed", "10.0.1.10", "", 9092, -1)),
    ("FAIL [thrd:b1:9092/1]: b1:9092/1: Connect to ipv6#[fd00::10]:9092 failed: No route to host",
     ("connect-failed", "fd00::10", "", 9092, -1)),
    ("FAIL [thrd:b1:9092/bootstrap]: b1:9092/bootstrap: Connection setup timed out in state CONNECT"
     " (after 30025ms in state CONNECT)", ("connect-failed", "", "b1", 9092, -1)),
    ("FAIL [thrd:10.0.1.10:9092/1]: 10.0.1.10:9092/1: 3 request(s) timed out: disconnect (after"
     " 21040ms in state UP)", ("timed-out", "10.0.1.10", "", 9092, 3)),
    ("FAIL [thrd:b1:9092/1]: b1:9092/1: Disconnected (after 600012ms in state UP)",
     ("disconnected", "", "b1", 9092, -1)),
    ("FAIL b1:9092/bootstrap: Failed to connect to broker at [localhost]:9092: Connection refused",
     ("connect-failed", "", "localhost", 9092, -1)),
    # DataStax Java driver 4 and 3, Netty
    ("WARN [s0] Error connecting to Node(endPoint=/10.0.1.10:9042, hostId=null, hashCode=1f),"
     " trying next node", ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("ERROR io.netty.channel.ConnectTimeoutException: connection timed out: c1/10.0.1.10:9042",
     ("connect-failed", "10.0.1.10", "c1", 9042, -1)),
    ("ERROR ConnectTimeoutException: connection timed out after 5000 ms: /10.0.1.10:9042",
     ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("ERROR Connection timed out: no further information: /10.0.1.10:9042",
     ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("ERROR (tried: /10.0.1.10:9042 (com.datastax.driver.core.exceptions.TransportException:"
     " [/10.0.1.10:9042] Cannot connect))", ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("ERROR OperationTimedOutException: [c1/10.0.1.10:9042] Timed out waiting for server response",
     ("timed-out", "10.0.1.10", "c1", 9042, -1)),
    ("ERROR OperationTimedOutException: [c1/10.0.1.10:9042] Operation timed out",
     ("timed-out", "10.0.1.10", "c1", 9042, -1)),
    # DataStax Python driver 3.29
    ("WARNING cassandra.cluster: [control connection] Error connecting to 10.0.1.10:9042:",
     ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("WARNING Failed to create connection pool for new host 10.0.1.10:",
     ("connect-failed", "10.0.1.10", "", -1, -1)),
    ("ERROR ('Unable to connect to any servers', {'10.0.1.10:9042': OperationTimedOut('errors=Timed"
     " out creating connection (5 seconds), last_host=None')})",
     ("connect-failed", "10.0.1.10", "", 9042, -1)),
    ("ERROR OperationTimedOut: errors={'10.0.1.10:9042': 'Client request timeout.'},"
     " last_host=10.0.1.10:9042", ("timed-out", "10.0.1.10", "", 9042, -1)),
    ("WARNING Heartbeat failed for connection (139984127591480) to fd00::20",
     ("timed-out", "fd00::20", "", -1, -1)),
    ("INFO everything is fine, nothing timed out or disconnected", None),
    ("INFO Cannot connect the dots: Error connecting to the past", None),
]  # fmt: skip


@pytest.mark.parametrize(("message", "event"), MESSAGES)
def test_messages(message: str, event: tuple[object, ...] | None) -> None:
    """The kind, and whom it names."""
    reading = read(f"[2026-11-25 02:44:00,123] {message}\n")
    if event is None:
        assert reading is None
        return
    assert rows(reading, *EVENT) == [event]
    assert rows(reading, "at", "zoned", "line") == [(T0 + 123_000_000, False, 1)]
    (text,) = rows(reading, "text")[0]
    assert text == f"[2026-11-25 02:44:00,123] {message}"[:200]


def test_clues() -> None:
    """Every message holds what the bytes are searched for."""
    for clue, _, _ in application._MESSAGES:
        assert any(part in clue.encode() for part in application._CLUES), clue


FAILED = "Connection to node 1 (/10.0.1.10:9092) could not be established."
TIMES = [
    ("[2026-11-25 02:44:00,123] WARN ", T0 + 123_000_000, False),
    ("2026-11-25 02:44:00.5  WARN 1 --- [main] ", T0 + SECOND // 2, False),
    ("2026-11-25T02:44:00Z WARN ", T0, True),
    ("2026-11-25T03:44:00.000+01:00 WARN ", T0, True),
    ('{"@timestamp":"2026-11-25T02:44:00.000Z","level":"WARN","message":"', T0, True),
    ("%3|1795574640.123|FAIL|rdkafka#producer-1| ", T0 + 123_000_000, True),
    ("1795574640.123 RDKAFKA-3-FAIL: rdkafka#producer-1: ", T0 + 123_000_000, True),
    ("25 Nov 2026 02:44:00,5 WARN ", T0 + SECOND // 2, False),
    ("02:44:00.123 [main] WARN ", NO_TIME, True),
]


@pytest.mark.parametrize(("before", "at", "zoned"), TIMES)
def test_times(before: str, at: int, zoned: bool) -> None:
    """log4j, Spring, ISO 8601, JSON, librdkafka; a time of day alone is none."""
    reading = read(f"{before}{FAILED}\n")
    assert rows(reading, "at", "zoned") == [(at, zoned)]
    assert reading is not None
    assert reading.local_time != zoned


def test_stack_trace() -> None:
    """A cause without time has that of the message above it."""
    text = (
        "2026-11-25T02:44:00Z ERROR send failed\n"
        "java.util.concurrent.ExecutionException: x\n"
        "Caused by: org.apache.kafka.common.errors.TimeoutException: Expiring 2 record(s) for"
        " t-0:120001 ms has passed since batch creation\n\tat x\n"
    )
    assert rows(read(text), "records", "at", "line") == [(2, T0, 3)]


def test_quoted() -> None:
    """Notes that quote a message have no time of day, and are no log."""
    assert read(f"The client said:\n\n    {FAILED}\n") is None
    sure = read_application_log("f", [b"INFO nothing\n"], sure=True)
    assert sure is not None
    assert len(sure.table) == 0


@pytest.mark.parametrize("size", [1, 7, 100, 4096, 1 << 20])
def test_pieces(size: int) -> None:
    """Wherever the content is cut into pieces: the same events at the same lines."""
    text = "".join(f"[2026-11-25 02:44:00,{n:03}] {m}\r\n\n" for n, (m, _) in enumerate(MESSAGES))
    whole = read(text)
    data = text.encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert rows(read_application_log("f", pieces), *EVENT, "at", "line") == rows(
        whole, *EVENT, "at", "line"
    )
    utf16 = text.encode("utf-16")
    pieces = [utf16[at : at + max(size, 4)] for at in range(0, len(utf16), max(size, 4))]
    assert rows(read_application_log("f", pieces), *EVENT, "at", "line") == rows(
        whole, *EVENT, "at", "line"
    )


def test_large() -> None:
    """200 MB in pieces: fast, and in little memory."""
    line = b"2026-11-25 02:44:02,123 INFO nothing of interest was written by this client at all\n"
    quiet = line * (1_000_000 // len(line))
    event = f"2026-11-25T02:44:00Z WARN {FAILED}\n".encode()

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield quiet
            yield event
            yield quiet

    tracemalloc.start()
    begin = time.process_time()
    reading = read_application_log("f", pieces())
    took = time.process_time() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = quiet.count(b"\n")
    assert [row[0] for row in rows(reading, "line")] == [
        each + 1 + n * (2 * each + 1) for n in range(100)
    ]
    assert took < 20
    assert peak < 30 << 20


def test_most_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond is counted and said."""
    monkeypatch.setattr(application, "MOST_EVENTS", 10)
    reading = read(f"2026-11-25T02:44:00Z WARN {FAILED}\n" * 15)
    assert reading is not None
    assert len(reading.table) == 10
    assert reading.warnings == ["f: only the first 10 events were read, of 15 lines"]


@pytest.mark.parametrize(
    "data",
    [b"x" * 3_000_000, FAILED.encode() * 50_000, b"onnection timed out: " * 100_000,
     b"Bootstrap broker a:1 " * 20_000 + b"disconnected\n",
     b"a.b-c" * 500_000 + b": 3 request(s) timed out\n",
     (b"[" * 4000 + b"Operation timed out\n") * 100, b"\xff\xfe" + b"x" * 1_000_001,
     b"OperationTimedOut: " * 100_000],
    ids=range(8),
)  # fmt: skip
def test_hostile(data: bytes) -> None:
    """Endless lines full of clues: soon done."""
    begin = time.process_time()
    read(data)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("head", "log"),
    [(b"2026-11-25 02:44:00,123 INFO a\n" * 3, True),
     (b"2026-11-25 02:44:00,123 INFO a\n" * 2, False),
     (b"%3|1795574640.123|FAIL|x\n" * 3, True), (b"", False), (b"INFO a\n" * 9, False),
     (b"10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02 STALE\n" * 9, False),
     (b"[2026-11-23T07:48:41.1] 10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02 STALE\n" * 9, False)],
)  # fmt: skip
def test_recognised(head: bytes, log: bool) -> None:
    """A time of day and a level, several times."""
    assert is_application_log(head) == log


@given(st.lists(st.sampled_from([m.encode() for m, _ in MESSAGES]) | st.binary(max_size=30)))
def test_anything(parts: list[bytes]) -> None:
    """Messages in any company: read or not, nothing raised."""
    reading = read(b"2026-11-25T02:44:00Z " + b" ".join(parts))
    assert reading is None or len(reading.table) >= 1
