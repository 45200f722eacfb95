"""The generator's own account of what files can prove: one thing taken away at a time."""

from __future__ import annotations

import pytest
from tales import KNOWS, STALE, B, tale, written

DUMP = {"host": "broker-1", "at": [5, 20]}


def account(tmp_path, b=None, c=None, dumps=(DUMP,), **more):
    """(suffices, missing) of the stale entry at the broker; ``b`` and ``c`` change the two
    captures, "no" takes one away."""
    captures = [
        {"host": host, **(how or {})}
        for host, how in (("broker-1", b), ("producer-7", c))
        if how != "no"
    ]
    story = tale(at=(1, 9, 17), neighbors=[{**STALE, "kept": True}, KNOWS], captures=captures,
                 dumps=list(dumps), **more)  # fmt: skip
    (found,) = written(story, tmp_path)["findings"]
    assert (found["kind"], found["host"], found["ip"]) == (
        "stale-neighbor",
        "broker-1",
        "10.0.1.77",
    )
    assert found["suffices"] == (not found["missing"])
    return found["missing"]


@pytest.mark.parametrize(
    ("how", "missing"),
    [
        ({}, []),
        ({"dumps": ()}, []),
        ({"c": "no"}, []),
        ({"b": {"link_type": "LINUX_SLL"}}, []),
        ({"c": {"link_type": "LINUX_SLL2"}}, []),
        ({"c": {"link_type": "RAW"}}, []),
        ({"dumps": [{**DUMP, "off": 3600}]}, []),
        ({"c": "no", "dumps": ()}, ["that they were lost", "that no router sits between"]),
        (
            {"c": "no", "dumps": [{**DUMP, "off": 3600}]},
            ["that they were lost", "that no router sits between"],
        ),
        ({"b": {"link_type": "LINUX_SLL"}, "dumps": ()}, ["where the segments went"]),
        (
            {"b": {"link_type": "RAW"}},
            ["where the segments went", "that they were lost"],
        ),
        ({"c": {"hide": ["syn-ack"]}, "dumps": ()}, ["that they were lost"]),
        ({"c": {"window": [30, 40]}, "dumps": ()}, ["that they were lost"]),
        ({"c": {"drop": 0.3, "reports": True}, "dumps": ()}, ["that they were lost"]),
    ],
)
def test_what_is_missing(how, missing, tmp_path):
    said = account(tmp_path, **how)
    assert [m for m in said if m in missing] == missing
    assert bool(said) == bool(missing)


def test_clocks_that_cannot_be_compared_prove_no_loss(tmp_path):
    far = {"clock": {"offset": 5000.0}}
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": STALE["mac"], "kept": True}
    story = tale(at=(1, 9), kind="cloud", client=far, neighbors=[wrong])
    (found,) = written(story, tmp_path)["findings"]
    assert found["leg"] == "syn"
    assert "that they were lost" in found["missing"]


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, False),
        ({"captures": [{"host": "producer-7", "link_type": "LINUX_SLL"}]}, True),
        ({"dumps": [{"host": "producer-7", "at": [5]}]}, True),
    ],
    ids=["to one MAC alone", "the kernel says that it sent", "its table has the entry"],
)
def test_frames_to_one_mac_may_be_of_the_capture_of_that(more, own, tmp_path):
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": STALE["mac"], "kept": True}
    story = tale(at=(1, 9), kind="cloud", neighbors=[wrong], **more)
    (found,) = written(story, tmp_path)["findings"]
    assert ("that the capture is the sender's" not in found["missing"]) == own


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({}, ["that nobody else resets them"]),
        ({"losses": []}, []),
        ({"b": {"window": [0, 23]}}, []),
        ({"c": "no"}, []),
        ({"hosts": {"batch-3": {"address": "10.0.1.33", "mac": STALE["mac"]}}}, []),
    ],
    ids=["lost", "they come", "not awaited", "not on record", "the old machine captured"],
)
def test_resets_that_vanish_hide_a_second_owner(more, missing, tmp_path):
    """The entry is right from 24 s on: what comes late is reset, and all resets are lost."""
    hosts = more.get("hosts", {})
    captures = [
        {"host": host, **(how or {})}
        for host, how in (("broker-1", more.get("b")), ("producer-7", more.get("c")))
        if how != "no"
    ]
    losses = [{"segments": ["rst"], "from": "10.0.1.77", "cause": "firewall"}]
    story = tale(
        at=(1, 9, 17), neighbors=[{**STALE, "kept": True, "deleted": 24}, KNOWS], dumps=[DUMP],
        captures=[*captures, *({"host": host} for host in hosts)], hosts=hosts,
        losses=more.get("losses", losses),
    )  # fmt: skip
    story["connections"] += [{"client": host, "server": "broker-1", "at": [2]} for host in hosts]
    (found,) = [f for f in written(story, tmp_path)["findings"] if f["kind"] == "stale-neighbor"]
    assert found["missing"] == missing


@pytest.mark.parametrize("reaches", [False, True])
def test_what_goes_astray_on_a_link_that_floods_is_of_no_capture(reaches, tmp_path):
    """Two wrong entries: all that they lead astray is in the capture of any other machine, too.
    What comes to a MAC that somebody has, is not."""
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": STALE["mac"], "kept": True}
    other = {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72", "link": "lan"}
    stray = {"host": "broker-1", "address": "10.0.1.72", "mac": "0a:de:ad:00:00:02", "kept": True}
    story = tale(
        at=(1, 9), kind="flooding", hosts={"producer-72": other}, neighbors=[wrong, stray],
        captures=[{"host": "broker-1", "link_type": "RAW"}, {"host": "producer-7"}],
    )  # fmt: skip
    knows = {"host": "producer-72", "address": "10.0.1.10", "mac": B, "state": "PERMANENT"}
    story["neighbors"].append(knows)
    story["connections"].append({"client": "producer-72", "server": "broker-1", "at": [3, 12]})
    if reaches:
        story["connections"].append({"client": "producer-7", "server": "producer-72", "at": [20]})
    found = written(story, tmp_path)["findings"]
    missing = next(f["missing"] for f in found if f["host"] == "producer-7")
    assert ("that the capture is the sender's" not in missing) == reaches


@pytest.mark.parametrize("offset", [0.0, 5000.0], ids=["clocks agree", "clocks apart"])
def test_whose_the_address_was_last(offset, tmp_path):
    """The old owner's capture shows it speak: before the new one, or after?"""
    old = {"address": "10.0.1.77", "mac": STALE["mac"], "up": [-20, 6], "link": "lan",
           "clock": {"offset": offset}}  # fmt: skip
    attempts = [{"client": "producer-7", "server": "broker-1", "at": [9, 17]},
                {"client": "old-7", "server": "broker-1", "at": [1]}]  # fmt: skip
    captures = [{"host": "broker-1", "window": [8, 40]}, {"host": "old-7", "window": [0, 7]}]
    story = tale(neighbors=[{**STALE, "kept": True}, KNOWS], dumps=[DUMP], captures=captures,
                 hosts={"old-7": old}, client={"up": [7, 1000]}, connections=attempts)  # fmt: skip
    (found,) = written(story, tmp_path)["findings"]
    assert ("who owns the address" in found["missing"]) == bool(offset)


@pytest.mark.parametrize(
    ("offset", "known"),
    [(0.0, True), (-5000.0, True), (5000.0, False)],
    ids=["clocks agree", "seems to be before", "seems to be after"],
)
def test_an_owner_that_may_have_come_only_after_the_harm(offset, known, tmp_path):
    """Nothing that the client sends arrives, so nothing compares its clock with the broker's."""
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": STALE["mac"], "kept": True}
    other = {"producer-71": {"address": "10.0.1.71", "mac": "0a:47:b2:0d:93:c4"}}
    story = tale(at=(1, 9), kind="cloud", broker={"clock": {"offset": offset}}, hosts=other,
                 neighbors=[wrong])  # fmt: skip
    story["connections"].append({"client": "producer-71", "server": "broker-1", "at": [2, 8]})
    (found,) = written(story, tmp_path)["findings"]
    assert ("who owns the address" not in found["missing"]) == known


def test_a_question_is_older_than_its_answer(tmp_path):
    """The client's clock is far ahead, and the broker's capture has nothing but its answers."""
    ahead = {"clock": {"offset": 5000.0}}
    assert "who owns the address" not in account(tmp_path, b={"direction": "out"}, client=ahead)


@pytest.mark.parametrize(
    ("hidden", "near"), [([], True), (["syn"], False)], ids=["its SYNs are there", "flooded alone"]
)
def test_what_is_flooded_is_of_no_end(hidden, near, tmp_path):
    """The answers to the old MAC come to the client's capture as to any."""
    wrong = [{**STALE, "state": "PERMANENT"}, KNOWS]
    captures = [{"host": "broker-1"}, {"host": "producer-7", "hide": hidden}]
    story = tale(at=(1, 9), kind="flooding", neighbors=wrong, captures=captures)
    (found,) = written(story, tmp_path)["findings"]
    assert ("that no router sits between" not in found["missing"]) == near


def test_other_causes_are_named_beside(tmp_path):
    broker = {"services": {"9092": "accept", "9093": "refuse"}}
    story = tale(broker=broker, neighbors=[{**STALE, "kept": True}, KNOWS])
    story["connections"].append(
        {"client": "producer-7", "server": "broker-1", "port": 9093, "at": [3]}
    )
    kinds = {f["kind"] for f in written(story, tmp_path)["findings"]}
    # The reset goes to the wrong MAC as well: the client never hears it.
    assert kinds == {"stale-neighbor"}
    assert written(tale(broker={"services": {}}), tmp_path)["findings"] == [
        {"kind": "refused", "attempts": 1}
    ]
