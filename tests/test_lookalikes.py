"""Incidents that once misled the diagnosis, played again: who is accused, and of what."""

from __future__ import annotations

import pytest
from tales import KNOWS, OLD, STALE, B, P, tale, written

import synack

LIVE, BALANCER, GATEWAY = "0a:5c:0e:77:d1:42", "0a:ba:1a:7c:e2:01", "0a:01:00:00:00:01"
TIMES = (1, 8, 15, 22)
TABLE = [{"host": "broker-1", "at": [5, 20]}]
TRUE = ("broker-1", "10.0.1.77", OLD, P)
HEALTHY = {"producer-71": {"address": "10.0.1.71", "mac": "0a:47:b2:0d:93:c4"}}
FINE = {"client": "producer-71", "server": "broker-1", "at": {"from": 0.5, "to": 36, "every": 4}}


def incident(**more):
    """A wrong entry at the broker, and a client that does well."""
    hosts = {**HEALTHY, **more.pop("hosts", {})}
    neighbors = more.pop("neighbors", [{**STALE, "kept": True}, KNOWS])
    story = tale(at=TIMES, hosts=hosts, neighbors=neighbors, kind="cloud", **more)
    story["connections"].append(FINE)
    return story


def who_got_the_answers_captured():
    """The machine with the old MAC lives and captured what went astray to it."""
    return incident(
        hosts={"batch-3": {"address": "10.0.1.33", "mac": LIVE}},
        neighbors=[{**STALE, "mac": LIVE, "kept": True}],
        captures=[{"host": "batch-3"}, {"host": "producer-7"}, {"host": "producer-71"}],
    )


def a_captured_balancer():
    """Its capture has every segment twice, with the same TTL."""
    vip = "10.0.1.100"
    lb = {"balancer-1": {"address": vip, "mac": BALANCER, "balances": {vip: B}}}
    story = incident(hosts=lb, neighbors=[], broker={"silently": [vip]}, connect={"server": vip})
    story["captures"].append({"host": "balancer-1"})
    return story


def beyond(**more):
    """A client behind a router whose inner interface was captured, not the client's."""
    story = incident(neighbors=[], broker={"gateway": "10.0.1.1"}, **more)
    story["links"]["far"] = {"prefix": "10.0.2.0/24"}
    story["hosts"]["producer-7"] = {
        "address": "10.0.2.31", "mac": P, "link": "far", "gateway": "10.0.2.1"
    }  # fmt: skip
    story["hosts"]["gw-1"] = {
        "forwards": True,
        "interfaces": [
            {"link": "lan", "mac": GATEWAY, "address": "10.0.1.1"},
            {"link": "far", "mac": "0a:01:00:00:00:02", "address": "10.0.2.1"},
        ],
    }
    story["captures"] = [{"host": "broker-1"}, {"host": "gw-1"}, {"host": "producer-71"}]
    return story


def a_router_is_not_the_client_behind_it():
    """The way back is another router's, whose firewall drops: nobody's entry is wrong."""
    story = beyond()
    story["hosts"]["broker-1"]["gateway"] = "10.0.1.2"
    story["hosts"]["gw-2"] = {
        "forwards": True,
        "interfaces": [
            {"link": "lan", "mac": "0a:02:00:00:00:01", "address": "10.0.1.2"},
            {"link": "far", "mac": "0a:02:00:00:00:02", "address": "10.0.2.2"},
        ],
    }
    story["losses"] = [{"segments": ["syn-ack"], "via": "gw-2", "cause": "firewall"}]
    return story


def two_owners_and_no_destination_mac():
    """The server captured on any; the other owner resets what it gets."""
    other = {"batch-3": {"address": "10.0.1.77", "mac": LIVE}}
    story = incident(hosts=other, neighbors=[{**STALE, "mac": LIVE, "kept": True}], dumps=TABLE)
    story["captures"][0]["link_type"] = "LINUX_SLL2"
    return story


def lost_by_chance_while_the_entry_worked():
    """The table has a balancer's MAC, rightly; one attempt in ten loses its SYNs."""
    vip = "10.0.1.100"
    lb = {"balancer-1": {"address": vip, "mac": BALANCER, "balances": {vip: B}}}
    story = incident(hosts=lb, neighbors=[], broker={"silently": [vip]}, connect={"server": vip})
    story["captures"][1]["link_type"] = "LINUX_SLL2"
    story["losses"] = [{"segments": ["syn"], "to": vip, "between": [14, 21]}]
    story["dumps"] = [{"host": "producer-7", "at": [5, 30]}]
    return story


def a_balancers_mac_beside_the_clients_own():
    """The client did not capture: which of the two MACs is its own cannot be told."""
    vip = "10.0.1.100"
    lb = {"balancer-1": {"address": vip, "mac": BALANCER, "balances": {vip: B}}}
    story = incident(hosts=lb, broker={"silently": [vip]})
    story["connections"].append({"client": "producer-7", "server": vip, "at": [3, 11, 18]})
    story["captures"] = [{"host": "broker-1", "only": ["tcp"]}, {"host": "producer-71"}]
    return story


def flooded(**more):
    """A network that floods what is for no known MAC; the broker itself did not capture."""
    story = incident(**more)
    story["links"]["lan"]["kind"] = "flooding"
    story["captures"] = [{"host": "producer-7"}, {"host": "producer-71"}]
    return story


def answers_flooded_to_the_client():
    """In its capture its SYNs are answered, to another MAC: so a server's capture looks."""
    return flooded(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 20}, KNOWS])


def answers_flooded_to_others():
    """They have the SYN-ACKs of the broker and no SYN of the client."""
    story = flooded(neighbors=[{**STALE, "state": "PERMANENT"}, KNOWS])
    story["captures"] = [{"host": "producer-71"}]
    return story


def questions_flooded_to_others():
    """A bystander's capture holds nothing but SYNs that went to a MAC that nobody has."""
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": OLD, "state": "PERMANENT"}
    story = flooded(neighbors=[wrong])
    story["hosts"]["broker-2"] = {"address": "10.0.1.11", "mac": LIVE}
    story["captures"] = [{"host": "broker-1", "window": [7, 40]}, {"host": "broker-2"}]
    return story


def a_relays_capture_without_acks():
    """What it hands on leaves with the MAC that it came to; other answers are flooded to it."""
    other = {"producer-72": {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72"}}
    relay = {"relay-2": {"address": "10.0.1.20", "mac": LIVE, "forwards": True}}
    wrong = {"host": "broker-1", "address": "10.0.1.72", "mac": OLD, "state": "PERMANENT"}
    story = flooded(
        hosts={**relay, **other},
        neighbors=[{**STALE, "mac": LIVE, "state": "PERMANENT"}, KNOWS, wrong],
    )
    story["connections"].append({"client": "producer-72", "server": "broker-1", "at": [2, 9, 16]})
    story["captures"] = [{"host": "relay-2", "hide": ["ack"]}, {"host": "producer-7"}]
    return story


def a_routers_capture_of_what_is_flooded(*dumps):
    """The broker's answers that go astray are in it, among those to clients behind it; they are
    the broker's, not the router's. On another clock, so that no time tells."""
    story = beyond(client={"clock": {"offset": -7200.0}})
    remote = story["hosts"].pop("producer-7")
    story["hosts"]["remote-1"] = {**remote, "clock": {"offset": 3600.0}}
    story["hosts"]["producer-7"] = {"address": "10.0.1.77", "mac": "0a:77:00:00:00:77"}
    story["hosts"]["producer-7"]["clock"] = {"offset": -7200.0}
    story["neighbors"] = [{**STALE, "state": "PERMANENT"}, KNOWS]
    story["links"]["lan"]["kind"] = "flooding"
    story["connections"].append({**FINE, "client": "remote-1"})
    story["captures"] = [{"host": "gw-1"}, {"host": "remote-1"}, {"host": "producer-7"}]
    story["dumps"] = list(dumps)
    return story


def a_routers_capture_and_its_interfaces():
    return a_routers_capture_of_what_is_flooded({"host": "gw-1", "kind": "ip addr", "at": [9]})


def two_interfaces_on_one_link(**broker):
    """The second answers for the address as well, and what comes there arrives; a firewall drops
    it all. Nothing but a list of the client's interfaces tells."""
    story = incident(neighbors=[{**STALE, "mac": LIVE, "kept": True}])
    first = {"link": "lan", "mac": P, "address": "10.0.1.77"}
    second = {"link": "lan", "mac": LIVE, "address": "10.0.1.177", "proxies": ["10.0.1.77"]}
    story["hosts"]["producer-7"] = {"interfaces": [first, second], "clock": {"offset": -84.0}}
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "cause": "firewall"}]
    story["captures"] = [{"host": "broker-1", **broker}, {"host": "producer-7"}]
    story["dumps"] = [*TABLE, {"host": "producer-7", "kind": "ip addr", "at": [9]}]
    return story


def two_interfaces_and_a_host_firewall_that_drops_some():
    """Nothing lists the second; what comes by it is often answered only when it comes again."""
    story = two_interfaces_on_one_link()
    story["captures"][1]["link_type"] = "RAW"
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "at_receiver": True,
                        "probability": 0.6, "cause": "host firewall"}]  # fmt: skip
    story["dumps"] = TABLE
    return story


def two_interfaces_and_nothing_but_what_came_in():
    """The capture has nothing of the client's own, which has both MACs."""
    story = two_interfaces_and_a_host_firewall_that_drops_some()
    story["captures"][1] = {"host": "producer-7", "direction": "in"}
    return story


def a_firewall_before_a_client_that_also_comes_by_a_balancer():
    """The broker's entry is right; its table is of before, when another machine had the address."""
    story = a_balancers_mac_beside_the_clients_own_which_captured()
    story["neighbors"] = [{**STALE, "deleted": 0.7}, KNOWS]
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "between": [6, 99],
                        "cause": "firewall"}]  # fmt: skip
    story["dumps"] = [{"host": "broker-1", "at": [0.5]}]
    return story


def a_second_owner_whose_resets_are_lost():
    """As the client's own are: a firewall lets none through."""
    story = incident(
        hosts={"printer-4": {"address": "10.0.1.77", "mac": LIVE}},
        neighbors=[{**STALE, "mac": LIVE, "deleted": 24}, KNOWS],
    )
    story["losses"] = [{"segments": ["rst"], "from": "10.0.1.77", "cause": "firewall"}]
    story["captures"] = [{"host": "broker-1"}, {"host": "producer-7"}]
    return story


def two_interfaces_and_answers_alone():
    """As before without the list; one answer in three is lost by chance. That all attempts complete
    shows that what went to that MAC arrives."""
    story = two_interfaces_on_one_link(direction="out")
    story["losses"][0]["probability"] = 0.3
    story["connections"][0]["at"] = {"from": 1, "to": 36, "every": 1.5}
    story["captures"][1]["link_type"] = "LINUX_SLL2"
    story["dumps"] = TABLE
    return story


def a_balancer_in_front_of_two_clients():
    """It sends what both send with its own MAC; the answers to one of them are dropped."""
    story = a_captured_balancer()
    story["connections"][1] = {**FINE, "server": "10.0.1.100"}
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "cause": "firewall"}]
    story["captures"] = [{"host": "broker-1", "only": ["tcp"]}]
    story["dumps"] = TABLE
    return story


def the_other_client_has_the_wrong_entry():
    """A firewall drops the SYNs of the first, whose entry is right; nobody heard the broker."""
    story = incident(neighbors=[{"host": "producer-71", "address": "10.0.1.10", "mac": OLD,
                                 "state": "PERMANENT"}])  # fmt: skip
    story["losses"] = [{"segments": ["syn"], "from": "10.0.1.77", "cause": "firewall"}]
    story["captures"] = [{"host": "producer-7", "only": ["tcp"]}, {"host": "producer-71"}]
    story["dumps"] = [{"host": "producer-7", "at": [5, 20]}, {"host": "producer-71", "at": [5]}]
    return story


def another_owner_resets_and_the_broker_recorded_its_answers_alone():
    """With destination MACs, and a table that agrees with them."""
    story = two_owners_and_no_destination_mac()
    story["captures"][0] |= {"link_type": "EN10MB", "direction": "out"}
    story["captures"].append({"host": "producer-71"})
    return story


def a_service_moved_to_who_does_not_answer():
    """The client heard of it and went from the old MAC to the new one, whose firewall drops."""
    vip, serves = "10.0.1.110", {"9092": "accept"}
    story = incident(
        hosts={
            "balancer-a": {"address": vip, "mac": OLD, "services": serves, "up": [-20, 10]},
            "balancer-b": {"address": vip, "mac": BALANCER, "services": {"9092": "ignore"},
                           "up": [11, 99]},
        },
        neighbors=[], connect={"server": vip},
        announcements=[{"host": "balancer-b", "at": [11.5, 12.5]}],
        dumps=[{"host": "producer-7", "at": [5, 20, 30]}],
    )  # fmt: skip
    story["links"]["lan"]["kind"] = "plain"
    story["connections"][0]["at"] = [1, 4, 8, 15, 22, 30]
    story["captures"] = [{"host": "producer-7", "only": ["tcp"]}]
    return story


def a_service_moved_and_serves_another_client():
    """What one of them cannot reach answers the other; an old answer to ARP says otherwise."""
    story = a_service_moved_to_who_does_not_answer()
    vip = "10.0.1.110"
    story["hosts"]["balancer-b"]["services"] = {"9092": "accept"}
    story["connections"][0]["at"] = [15, 22, 30]
    story["connections"][1] = {**FINE, "server": vip}
    story["losses"] = [{"segments": ["syn"], "from": "10.0.1.77", "cause": "firewall"}]
    story["captures"].append({"host": "producer-71", "direction": "in"})
    story["captures"].append({"host": "balancer-a", "window": [0, 9], "only": ["arp"]})
    return story


def a_service_moved_and_no_destination_mac():
    story = a_service_moved_to_who_does_not_answer()
    story["captures"][0]["link_type"] = "LINUX_SLL2"
    story["dumps"] = [{"host": "producer-7", "at": [20, 30]}]
    return story


def a_balancers_capture_of_what_it_sends():
    """It looks like that of a client with two addresses; the server has each at its own MAC."""
    story = a_balancer_in_front_of_two_clients()
    story["captures"].append({"host": "balancer-1", "only": ["tcp"], "direction": "out"})
    return story


def a_balancers_mac_beside_the_clients_own_without_any_mac_sent_to():
    """Nothing tells which of the two is the client's."""
    story = a_balancers_mac_beside_the_clients_own()
    story["captures"][0] |= {"link_type": "LINUX_SLL2", "only": ["tcp"]}
    return story


def a_balancers_capture_beside_the_clients_own():
    """Both are at home at its address, at the same time."""
    story = a_captured_balancer()
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "cause": "firewall"}]
    story["captures"][0]["only"] = ["tcp"]
    story["captures"].append({"host": "balancer-1", "direction": "out", "window": [14, 27]})
    return story


def a_balancer_known_to_others():
    """A client's table has the service at the balancer's MAC; the server's capture shows nothing
    but one client behind it."""
    story = a_balancer_in_front_of_two_clients()
    story["connections"].pop()
    story["captures"][0]["window"] = [0, 20]
    story["dumps"] = [*TABLE, {"host": "producer-71", "at": [5]}, {"host": "producer-7", "at": [5]}]
    return story


def two_owners_and_no_mac_at_all():
    """The other owner's resets come as if from the client, which goes on: it sent none."""
    story = two_owners_and_no_destination_mac()
    story["captures"][0]["link_type"] = "RAW"
    return story


def a_balancer_whose_own_capture_shows_that_it_hands_on():
    """The answers are lost on their way back; the client has the balancer's MAC, rightly."""
    story = a_captured_balancer()
    story["losses"] = [{"segments": ["syn-ack"], "cause": "firewall"}]
    story["captures"][0] |= {"link_type": "LINUX_SLL2", "hide": ["syn"]}
    story["dumps"] = [{"host": "producer-7", "at": [5, 20]}]
    return story


def two_owners_and_nothing_but_answers():
    """Every repeated SYN is answered with an ISN of its own: the request before was reset."""
    story = two_owners_and_no_destination_mac()
    story["captures"][0]["direction"] = "out"
    return story


def a_server_behind_a_balancer_recorded_its_answers_alone():
    """What the client sent to the balancer's MAC came, or nobody would have answered it."""
    story = a_captured_balancer()
    story["losses"] = [{"segments": ["syn-ack"], "cause": "firewall"}]
    story["losses"][0]["from"] = "10.0.1.100"
    story["connections"].append({**FINE, "client": "producer-7"})
    story["captures"] = [{"host": "broker-1", "direction": "out", "link_type": "LINUX_SLL2"},
                         {"host": "producer-7"}, {"host": "producer-71"}]  # fmt: skip
    return story


def one_failure_behind_a_relay_and_no_destination_mac():
    """The table has the relay's MAC before and after; what else went there came through."""
    relay = {"relay-2": {"address": "10.0.1.20", "mac": LIVE, "forwards": True}}
    story = incident(hosts=relay, neighbors=[{**STALE, "mac": LIVE, "state": "PERMANENT"}])
    story["losses"] = [{"segments": ["syn-ack"], "between": [0, 6], "to": "10.0.1.77"}]
    story["captures"][0]["link_type"] = "LINUX_SLL2"
    story["dumps"] = [{"host": "broker-1", "at": [7, 30]}]
    return story


def a_proxy_that_failed_later_and_no_destination_mac():
    """Its MAC is the entry's, unchanged by its age, since before answers came to the client."""
    story = one_failure_behind_a_relay_and_no_destination_mac()
    story["losses"] = [{"segments": ["syn-ack"], "between": [17, 40], "to": "10.0.1.77"}]
    story["dumps"] = [{"host": "broker-1", "at": [17, 30]}]
    return story


def a_relay_whose_path_loses_and_no_destination_mac():
    """Of three more attempts the first answer is lost; and the client did not capture."""
    story = one_failure_behind_a_relay_and_no_destination_mac()
    to = {"segments": ["syn-ack"], "to": "10.0.1.77"}
    times = ([1, 1.5], [8, 8.5], [15, 22.5], [29, 29.5])
    story["losses"] = [{**to, "between": [*between]} for between in times]
    story["connections"][0]["at"] = [1, 8, 15, 22, 29]
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL2"}, {"host": "producer-71"}]
    story["dumps"] = [{"host": "broker-1", "kind": "ip neigh", "at": [16]}]
    return story


def a_proxy_that_failed_later_and_whose_client_did_not_capture():
    """The handshakes went on in the broker's capture while the entry was that of its age."""
    story = a_proxy_that_failed_later_and_no_destination_mac()
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL2"}, {"host": "producer-71"}]
    story["dumps"][0]["at"] = [17]
    return story


def a_relay_that_failed_while_the_broker_recorded():
    """That it worked at other times, with the same entry by its age, only the client recorded."""
    story = one_failure_behind_a_relay_and_no_destination_mac()
    story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.1.77", "between": [15, 21]}]
    story["captures"][0]["window"] = [14.5, 21]
    story["dumps"] = [{"host": "broker-1", "at": [16]}]
    return story


def a_service_moved_and_the_clients_table_is_from_before():
    """The link heard the announcement. What keeps the client from either owner is a firewall."""
    story = a_service_moved_and_serves_another_client()
    story["connections"][0]["at"] = [1, 4, 15, 22, 30]
    story["connections"].append(FINE)
    story["connections"].append({**FINE, "client": "producer-7"})
    story["losses"][0]["to"] = "10.0.1.110"
    story["captures"] = [{"host": "producer-7", "only": ["tcp"], "link_type": "LINUX_SLL2"},
                         {"host": "producer-71"}, {"host": "broker-1"}]  # fmt: skip
    story["dumps"] = [{"host": "producer-7", "at": [5]}]
    return story


def a_capture_that_ends_with_the_answer_to_a_second_owner():
    """It announced itself, which the broker did not record, and resets what it gets."""
    other = {"batch-3": {"address": "10.0.1.77", "mac": LIVE}}
    story = incident(hosts=other, neighbors=[{**STALE, "mac": P, "kept": True}, KNOWS])
    story["announcements"] = [{"host": "batch-3", "at": 14}]
    story["links"]["lan"]["kind"] = "plain"
    story["captures"][0] |= {"only": ["tcp"], "window": [0, 15.0004]}
    story["captures"][1]["only"] = ["tcp"]
    story["dumps"] = [{"host": "broker-1", "at": [5, 12]}]
    return story


@pytest.mark.parametrize(
    "story",
    [
        a_proxy_that_failed_later_and_no_destination_mac,
        a_relay_whose_path_loses_and_no_destination_mac,
        a_proxy_that_failed_later_and_whose_client_did_not_capture,
        a_relay_that_failed_while_the_broker_recorded,
        a_service_moved_and_the_clients_table_is_from_before,
        a_capture_that_ends_with_the_answer_to_a_second_owner,
        who_got_the_answers_captured, a_captured_balancer, a_router_is_not_the_client_behind_it,
        two_owners_and_no_destination_mac, lost_by_chance_while_the_entry_worked,
        a_balancers_mac_beside_the_clients_own,
        a_balancers_mac_beside_the_clients_own_without_any_mac_sent_to,
        answers_flooded_to_the_client,
        answers_flooded_to_others, questions_flooded_to_others, a_relays_capture_without_acks,
        two_owners_and_no_mac_at_all, a_balancer_whose_own_capture_shows_that_it_hands_on,
        one_failure_behind_a_relay_and_no_destination_mac,
        a_server_behind_a_balancer_recorded_its_answers_alone, two_owners_and_nothing_but_answers,
        a_routers_capture_of_what_is_flooded, a_routers_capture_and_its_interfaces,
        two_interfaces_on_one_link, two_interfaces_and_answers_alone,
        two_interfaces_and_a_host_firewall_that_drops_some,
        two_interfaces_and_nothing_but_what_came_in,
        a_firewall_before_a_client_that_also_comes_by_a_balancer,
        a_second_owner_whose_resets_are_lost,
        a_service_moved_to_who_does_not_answer, a_service_moved_and_no_destination_mac,
        a_service_moved_and_serves_another_client,
        a_balancers_capture_of_what_it_sends, a_balancers_capture_beside_the_clients_own,
        a_balancer_known_to_others,
        a_balancer_in_front_of_two_clients, the_other_client_has_the_wrong_entry,
        another_owner_resets_and_the_broker_recorded_its_answers_alone,
    ],
)  # fmt: skip
def test_nobody_is_accused(story, tmp_path):
    written(story(), tmp_path)
    assert "stale-neighbor" not in {f.kind for f in synack.diagnose(str(tmp_path)).findings}


def the_old_owner_captured_too():
    """An address went from one captured machine to another."""
    story = incident(
        hosts={"old-7": {"address": "10.0.1.77", "mac": OLD, "up": [-20, 6]}},
        neighbors=[{**STALE, "kept": True}],
        client={"up": [7, 99]},
    )
    story["connections"].append({"client": "old-7", "server": "broker-1", "at": [1, 3, 5]})
    story["captures"].append({"host": "old-7"})
    return story


def the_old_owner_captured_too_and_the_broker_its_answers_alone():
    """The successor's capture has the same two ends and not one packet of the broker's. Whose
    each attempt is tells its capture, not the clocks: the broker's is far ahead."""
    story = the_old_owner_captured_too()
    story["hosts"]["broker-1"]["clock"] = {"offset": 30.0}
    story["captures"] = [
        {"host": "broker-1", "direction": "out", "only": ["tcp"]},
        {"host": "producer-7", "only": ["tcp"]}, {"host": "old-7", "link_type": "LINUX_SLL2"},
    ]  # fmt: skip
    story["dumps"] = TABLE
    return story


def the_broker_recorded_its_answers_alone():
    """Two other captures are at the clients: what is neither's is not a tap's between them."""
    hosts = {"producer-72": {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72"}}
    story = incident(hosts=hosts, dumps=TABLE)
    story["connections"].append({**FINE, "client": "producer-72"})
    story["captures"] = [{"host": "broker-1", "direction": "out"}, {"host": "producer-7"},
                         {"host": "producer-72"}]  # fmt: skip
    return story


def only_the_old_owner_captured():
    story = the_old_owner_captured_too()
    story["captures"] = [c for c in story["captures"] if c["host"] != "producer-7"]
    story["dumps"] = TABLE
    return story


def another_client_recorded_only_what_it_received():
    """SYN-ACKs without their SYNs are no sign of a server."""
    story = incident(dumps=TABLE)
    story["captures"].append({"host": "producer-71", "direction": "in"})
    return story


def a_third_machine_sees_it_flooded():
    story = incident(dumps=TABLE)
    story["links"]["lan"]["kind"] = "flooding"
    story["neighbors"][0] = {**STALE, "state": "PERMANENT"}
    story["captures"].append({"host": "producer-71"})
    return story


def told_and_obeyed_and_set_wrong_again():
    """The client's question corrected the entry; an orchestrator set the old MAC afterwards."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "at": 11}, KNOWS])
    story["links"]["lan"]["kind"] = "plain"
    story["announcements"] = [{"host": "producer-7", "at": 4}]
    return story


def late_answers_are_reset_after_the_entry_was_deleted():
    """The broker's capture has no destination MACs, and what it repeats reaches the client once
    the entry is gone: another MAC then, though the same attempt."""
    wrong = [{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS]
    story = incident(neighbors=wrong, dumps=TABLE)
    story["captures"][0]["link_type"] = "LINUX_SLL"
    return story


def the_client_recorded_only_what_it_received():
    """It has the late answers; that they come with the broker's own MAC shows the common link."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS])
    story["captures"][0]["only"] = ["tcp"]
    story["captures"][1] |= {"direction": "in", "only": ["tcp"]}
    return story


def whoever_fixed_the_entry_replaced_a_right_one():
    """The table has the right MAC first; then an orchestrator sets the old one."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "at": 7.5}, KNOWS])
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL2"}]
    story["dumps"] = [{"host": "broker-1", "at": [5, 12, 30]}]
    return story


def nobody_captured_but_the_broker_and_who_got_the_answers():
    """What comes to the old MAC is not at its new owner."""
    story = incident(
        hosts={"batch-3": {"address": "10.0.1.33", "mac": OLD}}, dumps=TABLE,
    )  # fmt: skip
    story["captures"] = [{"host": "broker-1"}, {"host": "batch-3"}]
    return story


def a_capture_by_another_clock_is_no_second_one_of_the_server():
    """By their stamps one came hours before the other; the client's has the answers, flooded."""
    story = flooded(neighbors=[{**STALE, "state": "PERMANENT"}, KNOWS], dumps=TABLE)
    story["hosts"]["broker-1"]["clock"] = {"offset": -7200.0}
    story["captures"] = [{"host": "broker-1"}, {"host": "producer-7", "drop": 0.3}]
    return story


def answers_that_a_lossy_capture_lacks_are_no_arrivals():
    """What is reset late answers a repetition to the right MAC, which the capture dropped."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS])
    story["captures"][0] |= {"drop": 0.4}
    return story


def what_is_flooded_is_answered_only_once_the_entry_is_right():
    """The client's capture has no MACs and shows what went to the old one; the same attempts are
    answered, by repetitions that went to its own."""
    story = flooded(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS], dumps=TABLE)
    story["captures"] = [{"host": "broker-1"}, {"host": "producer-7", "link_type": "RAW"}]
    return story


def flooded_to_a_client_that_recorded_only_what_it_received():
    """Its list of interfaces says whose the capture is; nothing in it is from or to its MAC."""
    story = flooded(neighbors=[{**STALE, "state": "PERMANENT"}, KNOWS], dumps=TABLE)
    story["captures"] = [{"host": "broker-1"}, {"host": "producer-7", "direction": "in"}]
    story["dumps"] = [*TABLE, {"host": "producer-7", "kind": "ip addr", "at": [9]}]
    return story


def what_a_lossy_capture_answers_late_was_not_for_its_host():
    """The client resets, long after, what neither capture has: the entry was right by then."""
    story = flooded(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS])
    story["captures"] = [
        {"host": "broker-1", "window": [0, 24.5]},
        {"host": "producer-7", "drop": 0.4},
    ]
    return story


def the_server_recorded_no_questions():
    """Its clock is hours off, and nothing but the attempts themselves ties the two."""
    story = incident(dumps=TABLE)
    story["hosts"]["broker-1"]["clock"] = {"offset": -7200.0}
    story["captures"][0]["hide"] = ["syn"]
    return story


def a_balancers_mac_beside_the_clients_own_and_its_interface():
    """The client did not capture, but what it lists of its interface tells which MAC it has."""
    story = a_balancers_mac_beside_the_clients_own()
    story["dumps"] = [{"host": "producer-7", "kind": "ip addr", "at": [9]}, *TABLE]
    return story


def a_balancers_mac_beside_the_clients_own_which_captured():
    """Without destination MACs: the client's capture tells which of the two is its own."""
    story = a_balancers_mac_beside_the_clients_own()
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL2"}, {"host": "producer-7"}]
    story["dumps"] = TABLE
    return story


def a_balancers_mac_that_the_clients_table_has():
    """The client's table has the service at the other of the two MACs: that is the balancer's."""
    story = a_balancers_mac_beside_the_clients_own()
    story["dumps"] = [{"host": "producer-7", "at": [9]}, *TABLE]
    return story


def a_balancers_mac_beside_the_clients_own_and_no_destination_mac():
    """One entry at the broker is in vain for both ways that the client's SYNs come."""
    story = a_balancers_mac_beside_the_clients_own_and_its_interface()
    story["captures"][0] |= {"link_type": "LINUX_SLL2", "only": ["tcp"]}
    return story


def the_old_owner_listed_its_interface_by_another_clock():
    """By its stamp the list is of the time after; the broker heard that machine only before."""
    story = only_the_old_owner_captured()
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL"}]
    story["hosts"]["old-7"]["clock"] = {"offset": 20.0}
    story["dumps"] = [*TABLE, {"host": "old-7", "kind": "ip addr", "at": [3]}]
    return story


def the_old_owner_was_answered_and_only_answers_recorded():
    """The entry is older than that: it was right then, though nothing shows whose MAC it was."""
    story = only_the_old_owner_captured()
    story["captures"] = [{"host": "broker-1", "link_type": "LINUX_SLL2", "direction": "out"},
                         {"host": "producer-7"}]  # fmt: skip
    story["dumps"] = [{"host": "broker-1", "at": [20]}]
    return story


def the_clients_capture_ended_before_the_late_answers():
    """That it resets them once the entry is gone shows that they came."""
    story = late_answers_are_reset_after_the_entry_was_deleted()
    story["neighbors"][0]["deleted"] = 20
    story["connections"][0]["at"] = [1, 8, 15, 27, 33]
    story["captures"][1]["window"] = [0, 19]
    story["dumps"] = [{"host": "broker-1", "at": [5, 12]}]
    return story


def the_servers_capture_began_among_its_answers():
    """It has no question of the attempt whose answers went astray, but later ones of the client."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 14}, KNOWS])
    story["connections"][0] |= {"at": [1, 18, 25], "timeout": 3}
    story["captures"][0]["window"] = [5, 40]
    story["captures"].append({"host": "producer-71"})
    return story


def the_client_speaks_to_another_server_alone():
    """The broker recorded no questions: whose MAC is the client's is known from elsewhere."""
    story = incident(hosts={"broker-2": {"address": "10.0.1.11", "mac": LIVE,
                                         "services": {"9092": "accept"}}}, dumps=TABLE)  # fmt: skip
    story["neighbors"].append({"host": "producer-7", "address": "10.0.1.11", "mac": LIVE})
    for client in ("producer-7", "producer-71"):
        story["connections"].append({"client": client, "server": "broker-2", "at": [3, 11, 19, 27]})
    story["captures"] = [
        {"host": "broker-1", "hide": ["syn"], "only": ["tcp"]},
        {"host": "broker-2", "only": ["tcp"]}, {"host": "producer-71"},
    ]  # fmt: skip
    return story


def the_client_recorded_only_what_came_and_what_was_flooded():
    """Its own MAC is not in its capture, but the server hears it."""
    story = incident(neighbors=[{**STALE, "state": "PERMANENT", "deleted": 24}, KNOWS], dumps=TABLE)
    story["links"]["lan"]["kind"] = "flooding"
    story["captures"][1]["direction"] = "in"
    return story


def an_owner_heard_by_clocks_that_nothing_compares():
    """The client is at home in no time of the broker's: all that it sends goes astray."""
    wrong = {"host": "producer-7", "address": "10.0.1.10", "mac": OLD, "kept": True}
    story = incident(neighbors=[wrong], dumps=[{"host": "producer-7", "at": [5, 20]}])
    story["hosts"]["broker-1"]["clock"] = {"offset": 3600.0}
    story["captures"].append({"host": "producer-71"})
    return story


@pytest.mark.parametrize(
    "story",
    [
        incident, the_old_owner_captured_too, only_the_old_owner_captured,
        the_old_owner_captured_too_and_the_broker_its_answers_alone,
        the_broker_recorded_its_answers_alone,
        another_client_recorded_only_what_it_received, a_third_machine_sees_it_flooded,
        told_and_obeyed_and_set_wrong_again, late_answers_are_reset_after_the_entry_was_deleted,
        the_client_recorded_only_what_it_received, whoever_fixed_the_entry_replaced_a_right_one,
        nobody_captured_but_the_broker_and_who_got_the_answers,
        a_capture_by_another_clock_is_no_second_one_of_the_server,
        answers_that_a_lossy_capture_lacks_are_no_arrivals, the_server_recorded_no_questions,
        what_is_flooded_is_answered_only_once_the_entry_is_right,
        flooded_to_a_client_that_recorded_only_what_it_received,
        what_a_lossy_capture_answers_late_was_not_for_its_host,
        a_balancers_mac_beside_the_clients_own_and_its_interface,
        a_balancers_mac_beside_the_clients_own_which_captured,
        a_balancers_mac_that_the_clients_table_has,
        a_balancers_mac_beside_the_clients_own_and_no_destination_mac,
        the_old_owner_listed_its_interface_by_another_clock,
        the_old_owner_was_answered_and_only_answers_recorded,
        the_clients_capture_ended_before_the_late_answers,
        the_servers_capture_began_among_its_answers, the_client_speaks_to_another_server_alone,
        the_client_recorded_only_what_came_and_what_was_flooded,
    ],
)  # fmt: skip
def test_the_entry_is_found_and_nothing_else_accused(story, tmp_path):
    truth = written(story(), tmp_path)
    assert any(f["kind"] == "stale-neighbor" for f in truth["findings"])
    found = synack.diagnose(str(tmp_path)).findings
    assert [
        (f.host, f.ip, f.stale_mac, f.actual_mac) for f in found if f.kind == "stale-neighbor"
    ] == [TRUE]


def accused(story, folder):
    written(story, folder)
    return [
        (f.host, f.ip, f.stale_mac, f.actual_mac, f.next_hop)
        for f in synack.diagnose(str(folder)).findings
        if f.kind == "stale-neighbor"
    ]


def test_a_service_moved_and_a_client_was_not_told(tmp_path):
    """The old MAC had served the client until it fell silent; the new owner announced itself, and
    the client's entry is fixed."""
    vip, serves = "10.0.1.110", {"9092": "accept"}
    story = incident(
        hosts={
            "balancer-a": {"address": vip, "mac": OLD, "services": serves, "up": [-20, 10]},
            "balancer-b": {"address": vip, "mac": BALANCER, "services": serves, "up": [11, 99]},
        },
        neighbors=[{"host": "producer-7", "address": vip, "mac": OLD, "state": "PERMANENT"}],
        connect={"server": vip},
        announcements=[{"host": "balancer-b", "at": [12]}],
    )
    story["links"]["lan"]["kind"] = "plain"
    story["captures"] = [{"host": "producer-7"}]
    story["dumps"] = [{"host": "producer-7", "at": [5]}]
    assert accused(story, tmp_path) == [("producer-7", vip, OLD, BALANCER, "host")]


@pytest.mark.parametrize(("mac", "said"), [(OLD, True), (P, False)])
def test_a_table_of_who_did_not_capture_is_pointed_at(mac, said, tmp_path):
    """The client's capture and tables of others: whose answers went astray is not proven."""
    entry = {**STALE, "mac": mac, "kept": True}
    other = {"batch-3": {"address": "10.0.1.33", "mac": LIVE, "services": {"9092": "accept"}}}
    more = {"dumps": TABLE, "captures": [{"host": "producer-7"}], "hosts": other}
    story = incident(neighbors=[entry, KNOWS], **more)
    story["connections"].append({"client": "producer-7", "server": "batch-3", "at": [2, 9, 16]})
    if not said:
        story["losses"] = [{"segments": ["syn-ack"], "from": "10.0.1.10", "cause": "firewall"}]
    written(story, tmp_path)
    (finding,) = synack.diagnose(tmp_path).findings
    assert finding.kind == "capture-gap"
    listed = [e for e in finding.evidence if e.id == "listed-at-another-mac"]
    assert [OLD in e.says and "broker-1" in e.says for e in listed] == [True] * said


def test_an_address_moved_away_from_a_machine_that_lives_on(tmp_path):
    """What the client still sends to the old machine comes there, and is not for it any more."""
    vip, serves = "10.0.1.110", {"9092": "accept"}
    story = incident(
        hosts={
            "kafka-a": {"address": vip, "mac": LIVE, "services": serves, "up": [-20, 10]},
            "kafka-a-now": {"address": "10.0.1.33", "mac": LIVE, "up": [10.5, 99]},
            "kafka-b": {"address": vip, "mac": BALANCER, "services": serves, "up": [11, 99]},
        },
        neighbors=[{"host": "producer-7", "address": vip, "mac": LIVE, "state": "PERMANENT"}],
        connect={"server": vip},
        announcements=[{"host": "kafka-b", "at": [12]}],
        captures=[
            {"host": "producer-7"}, {"host": "kafka-b"}, {"host": "producer-71"},
            {"host": "kafka-a", "name": "kafka-a-eth0.pcap"},
            {"host": "kafka-a-now", "name": "kafka-a-eth1.pcap"},
        ],
        dumps=[{"host": "producer-7", "at": [5]}],
    )  # fmt: skip
    story["links"]["lan"]["kind"] = "plain"
    story["connections"].append({"client": "producer-71", "server": vip, "at": [2, 20, 24, 28]})
    assert accused(story, tmp_path) == [("producer-7", vip, LIVE, BALANCER, "host")]


def test_a_gateway_without_destination_macs(tmp_path):
    """The table has the gateway at another MAC than it has itself, by its own capture, and
    nothing is answered that goes back through it."""
    wrong = {"host": "broker-1", "address": "10.0.1.1", "mac": OLD, "kept": True}
    story = beyond()
    story["neighbors"] = [wrong]
    story["links"]["lan"]["kind"] = "cloud"
    story["captures"] = [
        {"host": "broker-1", "link_type": "LINUX_SLL"}, {"host": "gw-1"}, {"host": "producer-71"},
    ]  # fmt: skip
    story["dumps"] = TABLE
    assert accused(story, tmp_path) == [("broker-1", "10.0.1.1", OLD, GATEWAY, "gateway")]


def test_an_owner_heard_by_clocks_that_nothing_compares(tmp_path):
    """That they agree is said to be assumed."""
    story = an_owner_heard_by_clocks_that_nothing_compares()
    assert accused(story, tmp_path) == [("producer-7", "10.0.1.10", OLD, B, "host")]
    (found,) = (f for f in synack.diagnose(str(tmp_path)).findings if f.kind == "stale-neighbor")
    assert found.confidence == "possible"
    assert "clock-assumed" in {e.id for e in found.evidence}


@pytest.mark.parametrize("known", [False, True])
def test_a_clock_on_which_nothing_rests(known, tmp_path):
    """Nobody saw the loss nor a frame of the owner: another host's ARP names it, by a clock of its
    own. Had others the old MAC as well, only that clock could tell which came first."""
    story = an_owner_heard_by_clocks_that_nothing_compares()
    story["hosts"]["broker-1"].pop("clock")
    story["hosts"]["producer-71"]["clock"] = {"offset": -3600.0}
    story["captures"] = [{"host": "producer-7"}, {"host": "producer-71"}]
    if known:
        story["hosts"]["batch-3"] = {"address": "10.0.1.33", "mac": LIVE}
        story["neighbors"].append({"host": "batch-3", "address": "10.0.1.10", "mac": OLD})
        story["dumps"].append({"host": "batch-3", "at": [2]})
    said = [] if known else [("producer-7", "10.0.1.10", OLD, B, "host")]
    assert accused(story, tmp_path) == said
    for found in synack.diagnose(str(tmp_path)).findings:
        ids = {e.id for e in found.evidence}
        if found.kind == "stale-neighbor":
            assert found.confidence == "possible"
            assert {"clock-assumed", "table-agrees"} <= ids
            assert not {"lost-at-peer", "owner-by-own-capture", "owner-by-source-mac"} & ids


@pytest.mark.parametrize("wrong", [True, False])
def test_a_router_that_noted_what_it_passed_on_is_at_neither_end(wrong, tmp_path):
    """Its cooked capture of the inner side notes as its own what is from beyond; the client beyond
    captured too. A firewall in the router is no wrong entry."""
    entry = {"host": "broker-1", "address": "10.0.1.1", "mac": OLD, "kept": True}
    story = beyond()
    story["links"]["lan"]["kind"] = "cloud"
    story["captures"] = [
        {"host": "broker-1"}, {"host": "gw-1", "link_type": "LINUX_SLL2", "interface": "eth0"},
        {"host": "producer-7"}, {"host": "producer-71"},
    ]  # fmt: skip
    story["dumps"] = TABLE
    if wrong:
        story["neighbors"] = [entry]
    else:
        story["losses"] = [{"segments": ["syn-ack"], "to": "10.0.2.31", "cause": "firewall"}]
    said = [("broker-1", "10.0.1.1", OLD, GATEWAY, "gateway")] if wrong else []
    assert accused(story, tmp_path) == said


@pytest.mark.parametrize("gateway", ["10.0.1.1", "10.0.1.2"])
def test_a_virtual_gateway_without_destination_macs(gateway, tmp_path):
    """The router's own MAC hands on, another one answers for its address, by another host's table.
    Nothing but the wrong entry can be the way back; or there is a second router, whose firewall
    drops everything, and the old entry of the first lies there unused."""
    story = beyond()
    story["links"]["lan"]["kind"] = "cloud"
    inner = story["hosts"]["gw-1"]["interfaces"][0]
    inner |= {"address": "10.0.1.3", "virtual": {"10.0.1.1": "00:00:5e:00:01:07"}}
    story["hosts"]["gw-2"] = {
        "forwards": True,
        "interfaces": [
            {"link": "lan", "mac": "0a:02:00:00:00:01", "address": "10.0.1.2"},
            {"link": "far", "mac": "0a:02:00:00:00:02", "address": "10.0.2.2"},
        ],
    }
    story["losses"] = [{"segments": ["syn-ack"], "via": "gw-2", "cause": "firewall"}]
    wrong = {"host": "broker-1", "address": "10.0.1.1", "mac": OLD, "kept": True}
    other = {"host": "broker-2", "address": "10.0.1.1", "mac": "00:00:5e:00:01:07"}
    story["neighbors"] = [wrong, other]
    story["hosts"]["broker-2"] = {"address": "10.0.1.11", "mac": "0a:22:22:22:22:22"}
    story["hosts"]["broker-1"]["gateway"] = gateway
    story["captures"] = [
        {"host": "broker-1", "link_type": "LINUX_SLL"}, {"host": "producer-7"},
        {"host": "producer-71"},
    ]  # fmt: skip
    story["dumps"] = [{"host": "broker-1", "at": [5, 20]}, {"host": "broker-2", "at": [6]}]
    said = ("broker-1", "10.0.1.1", OLD, "00:00:5e:00:01:07", "gateway")
    assert accused(story, tmp_path) == [said] * (gateway == "10.0.1.1")
