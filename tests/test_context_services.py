"""Names of ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.context.services import PORTS, SERVICES, named, service


@pytest.mark.parametrize(
    ("port", "name"),
    [(9092, "Kafka"), (9042, "Cassandra"), (7000, "Cassandra internode"), (2181, "ZooKeeper"),
     (5432, "PostgreSQL"), (6379, "Redis"), (443, "HTTPS"), (47111, "")],
)  # fmt: skip
def test_service(port: int, name: str) -> None:
    assert service(port) == name


def test_names_lead_back() -> None:
    """Every registered name is of a port that has a service, and is lower case."""
    assert set(PORTS.values()) <= set(SERVICES)
    assert all(name == name.lower() for name in PORTS)
    assert all(0 < port < 0x10000 for port in SERVICES)


def test_the_machines_own_list() -> None:
    """Where /etc/services knows a name, it has the same port."""
    lines = Path("/etc/services").read_text().splitlines()
    own: dict[str, set[str]] = {}
    for words in (line.split("#")[0].split() for line in lines):
        if len(words) >= 2 and words[1].endswith("/tcp"):
            for name in (words[0], *words[2:]):
                own.setdefault(name.lower(), set()).add(words[1])
    common = set(own) & set(PORTS)
    wrong = {name for name in common if f"{PORTS[name]}/tcp" not in own[name]}
    assert not wrong
    assert len(common) > 10


@pytest.mark.parametrize(
    ("port", "text"), [(9092, "9092 (Kafka)"), (9042, "9042 (Cassandra)"), (40000, "40000")]
)
def test_a_port_with_its_name(port, text):
    assert named(port) == text
