"""Ladders in characters: what each arrow says, 80 columns, nothing that steers a terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_report_rungs import FIXTURES, shown

from synack.pipeline import load, run
from synack.report.ladder_text import WIDTH, lines
from synack.report.rungs import Ladder, Rung, Seen, ladders

A, B, X = "0a:00:00:00:00:77", "0a:00:00:00:00:10", "0a:de:ad:00:00:01"
SECOND = 10**9


def seen(place: str, at: int, frame: int, src: str = A, dst: str = B) -> Seen:
    return Seen(place, at, src, dst, f"{place}.pcap", frame)


def rung(**changes: object) -> Rung:
    syn = Rung(
        name="SYN", number=1, of=1, from_client=True, sent=seen("client", SECOND, 1),
        arrived=seen("server", SECOND + 200_000, 7), passed=(), fate="delivered", reason="",
        doubt_ns=50_000, vanished="", between_ends=False,
    )  # fmt: skip
    return replace(syn, **changes)  # type: ignore[arg-type]


def answer(**changes: object) -> Rung:
    own = {"name": "SYN-ACK", "from_client": False, "sent": seen("server", SECOND, 8, B, A),
           "arrived": seen("client", SECOND + 1000, 2, B, A)}  # fmt: skip
    return rung(**(own | changes))


def ladder(*rungs: Rung, **changes: object) -> Ladder:
    plain = Ladder(
        attempt=0, client="10.0.1.77:40000", server="10.0.1.10:9092", translated="",
        client_host="client", server_host="server", clock="server", outcome="completed",
        reason="", rungs=rungs,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def arrows(*rungs: Rung) -> list[str]:
    return [" ".join(line.split()) for line in lines(ladder(*rungs))[3:]]


def squeezed(line: str) -> str:
    """Shafts of any length as one of three."""
    while "----" in line:
        line = line.replace("----", "---")
    while "- - - - " in line:
        line = line.replace("- - - - ", "- - - ")
    return " ".join(line.split())


@pytest.mark.parametrize(
    ("one", "arrow"),
    [
        (rung(), "0.000000 #1 |-- SYN --->| 0.000200 #7"),
        (answer(), "0.000001 #2 |<--- SYN-ACK --| 0.000000 #8"),
        (rung(arrived=None, fate="lost"), "0.000000 #1 |-- SYN ---x lost |"),
        (answer(arrived=None, fate="lost"), "| lost x--- SYN-ACK --| 0.000000 #8"),
        (answer(fate="misdelivered"), "0.000001 #2 |!<--- SYN-ACK --| 0.000000 #8"),
        (rung(fate="misdelivered"), "0.000000 #1 |-- SYN --->!| 0.000200 #7"),
    ],
)
def test_arrows(one: Rung, arrow: str) -> None:
    assert squeezed(arrows(one)[0]) == arrow


def test_arrows_that_nobody_is_sure_of_are_broken() -> None:
    """Ends with a question mark where it may have arrived, begins with one where it was not
    seen to leave."""
    away = arrows(rung(arrived=None, fate="unwitnessed"))[0]
    assert away.startswith("0.000000 #1 |-- SYN - - ")
    assert away.endswith("? |")
    come = arrows(answer(sent=None))[0]
    assert come.startswith("0.000000 #2 |<- - ")
    assert come.endswith("SYN-ACK ?|")


def test_macs_where_they_change() -> None:
    """Not again with each repetition; those at the receiver where a router replaced them."""
    repeated = rung(number=2, of=2)
    routed = rung(arrived=seen("server", SECOND, 9, X, B))
    text = "\n".join(lines(ladder(rung(), repeated, routed, answer())))
    assert text.count(f"{A} > {B}") == 1
    assert f"there {X} > {B}" in text
    assert text.count(f"{B} > {A}") == 1


def test_taps_and_where_it_vanished() -> None:
    tap = (seen("span-1", SECOND + 100_000, 3),)
    gone = rung(arrived=None, passed=tap, fate="lost", vanished="between span-1 and server")
    text = "\n".join(lines(ladder(gone)))
    assert "span-1 0.000100 #3" in text
    assert "vanished between span-1 and server" in text
    assert "vanished" not in "\n".join(lines(ladder(replace(gone, between_ends=True))))


def test_who_and_when() -> None:
    assert lines(ladder(rung()))[:3] == [
        "client 10.0.1.77:40000 (client)",
        "server 10.0.1.10:9092 (server)",
        "0 s is 00:00:01.000000 UTC by the clock of server; give or take 0.050 ms",
    ]
    alone = lines(ladder(rung(doubt_ns=None), client_host="", clock=""))
    assert alone[0].endswith("(not captured)")
    assert alone[2] == "0 s is 00:00:01.000000 UTC"
    nat = lines(ladder(rung(), translated="10.0.1.1:7 to 10.0.1.10:9092"))
    assert nat[1].endswith("(server), there 10.0.1.1:7 to 10.0.1.10:9092")


def test_of_many_the_first_and_the_last() -> None:
    many = [rung(number=n, of=20, sent=seen("client", n * SECOND, n)) for n in range(1, 21)]
    text = "\n".join(lines(ladder(*many), shown=4))
    assert all(f"SYN {n}/20" in text for n in (1, 2, 3, 20))
    assert "SYN 4/20" not in text
    assert "... 16 more ..." in text
    assert "more" not in "\n".join(lines(ladder(*many), shown=20))


def test_without_times_and_macs() -> None:
    """A simple packet block has no time, raw IP no MAC."""
    bare = seen("client", SECOND, 1, "", "")._replace(at=None)
    text = lines(ladder(rung(sent=bare, arrived=None, fate="lost")))
    assert [line.split("|")[0] for line in text] == [*text[:2], "#1 "]


def test_nothing_steers_a_terminal() -> None:
    evil = "\x1b[2J\u202eevil"
    tap = (Seen(evil, SECOND, A, B, evil, 1),)
    hostile = ladder(rung(passed=tap, vanished=f"between {evil} and {evil}"),
                     client_host=evil, server_host=evil, clock=evil)  # fmt: skip
    assert all(line.isprintable() for line in lines(hostile))


@pytest.mark.parametrize("indent", [0, 4])
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_80_columns_and_ascii(path: Path, indent: int) -> None:
    """Every attempt of every fixture; no line is wider, and none has anything but ASCII."""
    d = run(load([str(path.parent)]))
    for one in ladders(d, range(min(len(d.attempts), 40))):
        for line in lines(one, " " * indent):
            assert line.isascii()
            assert len(line) <= WIDTH or line.lstrip().startswith(("server", "0 s is"))


def test_long_times_lose_digits_not_addresses() -> None:
    late = 86_400 * SECOND
    one = rung(sent=seen("client", SECOND, 12_345_678), arrived=seen("server", late, 12_345_678, X))
    text = lines(ladder(one), "    ")
    assert all(len(line) <= WIDTH for line in text)
    assert f"{A} > {B}" in "\n".join(text)


def test_the_mission() -> None:
    text = "\n".join(lines(shown("stale-arp"), "  "))
    assert "lost x" in text
    assert "0a:1f:3c:90:5e:a1 > 0a:de:ad:00:00:01" in text
