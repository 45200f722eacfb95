"""The transition table: complete, and every state reached."""

from __future__ import annotations

from synack.handshake.states import TRANSITIONS, Event, State


def test_every_state_is_listed() -> None:
    """Each has its own row, and leads only to states."""
    assert set(TRANSITIONS) == set(State)
    for row in TRANSITIONS.values():
        assert set(row) <= set(Event) - {Event.NONE}
        assert set(row.values()) <= set(State) - {State.NEW}


def test_established_absorbs() -> None:
    """What is done is done: later resets and errors are not the handshake's."""
    assert TRANSITIONS[State.ESTABLISHED] == {}


def test_a_late_syn_ack_reopens() -> None:
    """Whatever went wrong before, a SYN-ACK shows a server that goes on."""
    for state in set(State) - {State.ESTABLISHED, State.SYN_RECEIVED}:
        assert TRANSITIONS[state][Event.SYN_ACK] is State.SYN_RECEIVED


def test_every_state_is_reached() -> None:
    """From NEW, by some events."""
    reached = {State.NEW}
    for _ in State:
        reached |= {after for state in reached for after in TRANSITIONS[state].values()}
    assert reached == set(State)


def test_a_syn_never_changes_a_state_but_new() -> None:
    """A repetition says nothing new about how far the attempt got."""
    assert [s for s in State if Event.SYN in TRANSITIONS[s]] == [State.NEW]
