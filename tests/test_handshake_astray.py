"""Whose the answers are that a capture without destination MACs has, and nothing else."""

from __future__ import annotations

import pytest
from scenario import Lan, X, lose
from stories import CLIENT, case_of, ip_addr

from synack.addresses import parse_ip


def incoming(_, way):
    return way == "in"


def old_machine(net):
    """It has the MAC of the broker's wrong entry, and does not answer."""
    net.client.tape = None
    net.host("batch-3", CLIENT, X, up=(0, 0)).record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.play()
    return "batch-3"


def healed_on_the_way(net):
    """Later attempts complete, and none of their answers comes to it."""
    host = old_machine(net)
    net.broker.knows(net.client, net.client.mac, at=14.5)
    return host


def unseen_questions(net, lists):
    """The broker recorded its answers alone: nobody can see a SYN repeated after one."""
    host = old_machine(net)
    net.broker.record(end=60, keep=lambda _, way: way == "out")
    net.files["batch-3.ip-addr.txt"] = ip_addr("eth0", lists, X, at=5)
    return host


def old_machine_that_lists_another_address(net):
    return unseen_questions(net, "10.0.1.33")


def machine_that_lists_the_address(net):
    return unseen_questions(net, CLIENT)


def client_that_does_well(net):
    net.client.record(end=60, link="sll", keep=incoming)
    net.play()
    return "producer-7"


def client_that_lacks_an_answer(net):
    """It repeats its SYN for the first one, which is not in its capture."""
    net.drops.append(lambda p: lose("syn-ack")(p) and p.sent % 12 < 1.4)
    return client_that_does_well(net)


def client_whose_acknowledgments_are_lost(net):
    """The server repeats its answers; the client does not repeat its SYN."""
    net.drops.append(lose("ack"))
    return client_that_does_well(net)


@pytest.mark.parametrize(
    ("story", "own"),
    [
        (old_machine, False),
        (healed_on_the_way, False),
        (old_machine_that_lists_another_address, False),
        (machine_that_lists_the_address, True),
        (client_that_does_well, True),
        (client_that_lacks_an_answer, True),
        (client_whose_acknowledgments_are_lost, True),
    ],
)
def test_who_has_the_address(story, own, tmp_path):
    net = Lan()
    host = story(net)
    case = case_of(net, tmp_path)
    (vantage,) = [vantage for vantage in case.matched.vantages if vantage.host == host]
    assert (parse_ip(CLIENT) in vantage.addresses) == own
