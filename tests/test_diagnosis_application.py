"""Lines of application logs joined to failed attempts by client, address and time."""

from __future__ import annotations

import pytest
from scenario import T0, Lan, X
from stories import diagnose

KAFKA = "org.apache.kafka.clients.NetworkClient"


def stamp(at, zone="Z"):
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(T0 + at, UTC):%Y-%m-%dT%H:%M:%S}.250{zone}"


def failed(at, ip="10.0.1.10", port=9092, zone="Z"):
    return (
        f"{stamp(at, zone)} WARN [Producer clientId=p] Connection to node 1 (/{ip}:{port}) could"
        f" not be established. Broker may not be available. ({KAFKA})\n"
    )


def expired(at, records, waited):
    return (
        f"{stamp(at)} ERROR TimeoutException: Expiring {records} record(s) for orders-0:{waited} ms"
        " has passed since batch creation\n"
    )


def gone(at):
    return f"{stamp(at)} INFO [Producer clientId=p] Node 1 disconnected. ({KAFKA})\n"


def play(folder, text, host="producer-7"):
    """Three attempts fail, from 1, 13 and 25 s on; those of producer-71 do well."""
    (folder / f"{host}.client.log").write_text(text)
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    net.play()
    diagnosis = diagnose(net, folder)
    (finding,) = diagnosis.findings
    says = [e for e in finding.evidence if e.id == "application-log"]
    left = [w for w in diagnosis.warnings if "fit no failed attempt" in w]
    return says, left


def test_failures_and_expired_records_are_explained(tmp_path):
    text = failed(6) + failed(18) + expired(28, 17, 20000) + expired(30, 5, 2000) + gone(31)
    (evidence,), left = play(tmp_path, text)
    assert evidence.says == (
        "explains 2 connection failures, 1 disconnect, 2 expiries (22 records) in producer-7's log"
        " of 10.0.1.10 port 9092 (Kafka), from 14:13:26 to 14:13:51"
    )
    assert [source.line for source in evidence.sources] == [1, 5]
    assert left == []


@pytest.mark.parametrize(
    ("line", "explained"),
    [
        (failed(6), True),
        (failed(0.2), False),
        (failed(6, ip="10.0.1.11"), False),
        (failed(6, port=9093), False),
        (failed(50), True),
        (failed(300), False),
        (expired(300, 3, 280_000), True),
        (expired(300, 3, 120_000), False),
        (expired(0.5, 3, 120_000), False),
        (failed(6, zone=""), True),
    ],
)
def test_only_what_fits_is_explained(line, explained, tmp_path):
    filler = f"{stamp(1)} INFO started\n" * 3
    says, left = play(tmp_path, filler + line)
    assert (len(says), len(left)) == ((1, 0) if explained else (0, 1))
    if not explained:
        assert "1 of 1 failures it logs" in left[0]
        assert "line 4" in left[0]


def test_a_time_without_zone_is_said_to_be_taken_as_utc(tmp_path):
    (evidence,), _ = play(tmp_path, failed(6, zone=""))
    assert evidence.says.endswith("at 14:13:26, its times taken as UTC")


@pytest.mark.parametrize(
    ("host", "line", "explained"),
    [
        # A host that had no failed attempt; and one that was not captured, of which only
        # the address tells.
        ("broker-1", failed(6), False),
        ("broker-1", gone(6), False),
        ("elsewhere", gone(6), False),
        ("elsewhere", failed(6), True),
    ],
)
def test_the_log_of_another_host(host, line, explained, tmp_path):
    filler = f"{stamp(1)} INFO started\n" * 3
    says, left = play(tmp_path, filler + line, host)
    assert (len(says), len(left)) == ((1, 0) if explained else (0, 1))


def test_a_broker_by_its_name(tmp_path):
    """librdkafka names the broker, not its address."""
    line = (
        "%3|1790000006.250|FAIL|p#producer-1| [thrd:{0}:9092/1]: {0}:9092/1: Connection setup timed"
        " out in state CONNECT (after 5025ms in state CONNECT)\n"
    )
    text = line.format("broker-1") + line.format("metrics-1") * 2 + line.format("b.example")
    (evidence,), left = play(tmp_path, text)
    # metrics-1 did not capture: its name is unknown here, as b.example is.
    assert evidence.says.startswith("explains 4 connection failures in producer-7's log")
    assert left == []


def test_without_a_finding_nothing_is_said(tmp_path):
    (tmp_path / "producer-7.client.log").write_text(failed(6) * 3)
    net = Lan()
    net.play()
    diagnosis = diagnose(net, tmp_path)
    assert diagnosis.findings == []
    assert not any("application" in w for w in diagnosis.warnings)
