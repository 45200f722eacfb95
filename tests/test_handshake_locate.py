"""Whose capture it is: each kind of evidence alone, and what must not confuse it."""

from __future__ import annotations

from line import Place, Try, healthy, text
from traces import crowd, ip, mac, read, sides

from synack.handshake.match import match
from synack.handshake.vantage import CLIENT, NEITHER, SERVER, Vantage

C, S, N = CLIENT, SERVER, NEITHER

ONE_SYN = "0.0 client > server S 100"


class TestEvidence:
    """Each kind, alone."""

    def test_nothing(self) -> None:
        """One segment between two: it stays unknown, and is no tap for it."""
        found, (vantage,) = sides(read(f"at x\n{ONE_SYN}"))
        assert found == [N]
        assert vantage == Vantage("x")


class TestTap:
    """Captures of neither end."""

    def test_between_two_others(self) -> None:
        """A third capture that is nearer to neither end than another."""

        def at(name: str, out: float, back: float) -> str:
            return f"""at {name}
                {out} client > server S 100 nomac
                {back} server > client SA 900/101 nomac\n"""

        text = at("far", 0, 0.020) + at("mid", 0.005, 0.015) + at("near", 0.010, 0.0101)
        found, vantages = sides(read(text))
        assert found == [C, N, S]
        assert [v.tap for v in vantages] == [False, True, False]

    def test_between_two_others_of_some(self) -> None:
        """What is between two others is at neither end of what only one of them has, either."""
        places = [Place("far", 0, skips=(42000,)), Place("mid", 2), Place("near", 4)]
        scene = read(text(places, [*healthy(), Try(5.0, 42000, client="second")]))
        _, vantages = sides(scene)
        assert [(v.tap, len(v.addresses)) for v in vantages] == [(False, 1), (True, 0), (False, 1)]

    def test_several_machines(self) -> None:
        """Nearer to the clients than the server is, but they send from a MAC each."""
        others = [Try(5.0 + n, 42000 + n, client=c) for n, c in enumerate(("second", "third"))]
        scene = read(text([Place("x", 2), Place("broker", 4)], [*healthy(), *others]))
        _, vantages = sides(scene)
        assert [v.tap for v in vantages] == [True, False]
        assert vantages[1].addresses == {ip("server")}

    def test_one_machine_with_several_addresses(self) -> None:
        """One MAC for all of them: a host of containers, say."""
        trace = text([Place("x", 0), Place("broker", 4)],
                     [*healthy(), Try(5.0, 42000, client="second")])  # fmt: skip
        trace = "\n".join(
            f"{line} from=client" if "second:42000 > " in line
            else f"{line} to=client" if "> second:42000" in line else line
            for line in trace.splitlines()
        )  # fmt: skip
        _, vantages = sides(read(trace))
        assert [v.tap for v in vantages] == [False, False]
        assert vantages[0].addresses == {ip("client"), ip("second")}

    def test_declared(self) -> None:
        """The user says so, whatever it looks like."""
        scene = read("at x\n" + crowd("server", range(41000, 41010)))
        vantages = scene.vantages(named=False)
        vantages[0].tap = True
        matched = match(scene.captures, vantages, scene.segments, {})
        assert not matched.side.any()
        assert (vantages[0].tap, vantages[0].addresses) == (True, set())

    def test_frames_of_somebody_else(self) -> None:
        """The kernel says that they were neither for this host nor from it."""
        found, (vantage,) = sides(read(f"at x\n{ONE_SYN} dir=other nomac"))
        assert (found, vantage.tap) == ([N], True)

    def test_no_mac_in_common(self) -> None:
        """A mirror port shows frames of many pairs."""
        scene = read("at x\n0.0 client > server S 100\n1.0 second > other S 100")
        found, (vantage,) = sides(scene)
        assert (found, vantage.tap) == ([N, N], True)


class TestConfusion:
    """What a capture may hold besides."""

    def test_flooded_frames(self) -> None:
        """Frames for others, flooded by the switch, do not move the host's place."""
        scene = read(
            "at x\n"
            + crowd("server", range(41000, 41010))
            + "\n1.0 second > server S 1\n1.0001 server > second SA 2/2 to=second"
            + "\n1.0300 second > server A 2/3"
            + "\n2.0 third > other S 1 to=stale"
        )
        matched = scene.match(named=False)
        found = dict(zip(matched.sightings["client_port"].tolist(), matched.side.tolist(),
                         strict=True))  # fmt: skip
        assert [found[port] for port in range(41000, 41010)] == [S] * 10
        assert matched.vantages[0].addresses >= {ip("server")}
        assert ip("client") not in matched.vantages[0].addresses
        assert matched.vantages[0].macs == {mac("server")}

    def test_both_roles(self) -> None:
        """One host accepts and opens: roles belong to attempts."""
        scene = read("""
            at server
            0.0 client > server S 100
            1.0 server:50000 > other S 100""")
        matched = scene.match()
        assert dict(
            zip(matched.sightings["client_port"].tolist(), matched.side.tolist(), strict=True)
        ) == {40000: S, 50000: C}

    def test_a_name_outweighs_times(self) -> None:
        """What the user says stands against what the times suggest."""
        scene = read("""
            at client
            0.000 client > server S 100
            0.0001 server > client SA 900/101
            0.0300 client > server A 101/901""")
        assert sides(scene, named=False)[0] == [S]
        assert sides(scene, named=True)[0] == [C]

    def test_many_attempts_outvote_one(self) -> None:
        """Scores are averaged per address: one odd round trip does not turn a host around."""
        odd = """
            1.0000 client > server S 100
            1.0300 server > client SA 900/101
            1.0301 client > server A 101/901"""
        found = sides(read("at x\n" + crowd("server", range(41000, 41010)) + odd))[0]
        assert found == [S] * 11
