"""How far apart two clocks are over time."""

from __future__ import annotations

import numpy as np
import pytest

from synack.handshake.skew import ONE_SIDED_NS, Bounds, Skew, Step, given, skew
from synack.tables import Array

SECOND, MS, US = 10**9, 10**6, 10**3
EPOCH = 1_700_000_000 * SECOND
NONE = Bounds(np.empty(0, np.int64), np.empty(0, np.int64))
LINE = np.arange(0, 100 * SECOND, SECOND // 10)


def bounds(difference: Array, delay: int = 100 * US) -> tuple[Bounds, Bounds]:
    """Packets both ways each 100 ms on the host's clock, equally late."""
    time = EPOCH + LINE
    return Bounds(time, difference + delay), Bounds(time, difference - delay)


def line(ppm: float, start: int = 0) -> Array:
    return start + np.rint(LINE * ppm * 1e-6).astype(np.int64)


@pytest.mark.parametrize("years", [0, -30, 30])
@pytest.mark.parametrize("ppm", [0.0, 0.001, 30.0, -100.0, 499.0])
def test_offset_and_drift(ppm: float, years: int) -> None:
    """However far apart the clocks are, to a small part of the delay; where no drift cannot
    be told from none, none is claimed."""
    start = years * 365 * 86_400 * SECOND
    found = skew(1, 0, *bounds(line(ppm, start)))
    assert (found.host, found.near, found.grade) == (1, 0, "accurate")
    assert (found.begin, found.end) == (EPOCH, EPOCH + int(LINE[-1]))
    if abs(ppm) < 1:
        assert found.rate == 0
    else:
        # The middle of what is possible, which ends at 500 ppm.
        assert found.rate == pytest.approx(ppm * 1e-6, abs=0.1e-6 if ppm < 400 else 1e-6)
    error = np.abs(found.value(EPOCH + LINE) - line(ppm, start))
    assert (error <= found.doubt(EPOCH + LINE)).all()
    assert found.worst(found.begin, found.end) < 250 * US
    assert found.doubt(np.array([found.at]))[0] == pytest.approx(100 * US, rel=0.3)
    assert found.step is None


def test_doubt_grows_outside() -> None:
    """By as much as the drift is open: 2 us in 100 s here, to either side."""
    found = skew(1, 0, *bounds(line(0)))
    hour = np.array([EPOCH - 3600 * SECOND, EPOCH + 3600 * SECOND])
    expected = 2 * 100 * US / 100 * 3600
    assert found.doubt(hour) == pytest.approx([expected] * 2, rel=0.05)
    assert found.worst(EPOCH - 3600 * SECOND, EPOCH) == found.doubt(hour)[0]


def test_one_exchange() -> None:
    """The greatest drift of any clock bounds it at all times."""
    found = skew(1, 0, Bounds(np.array([EPOCH]), np.array([3 * MS])),
                 Bounds(np.array([EPOCH]), np.array([-MS])))  # fmt: skip
    assert (found.offset, found.rate, found.grade) == (MS, 0.0, "accurate")
    assert found.doubt(np.array([EPOCH, EPOCH + SECOND])) == pytest.approx([2 * MS, 2.5 * MS])


def test_slewed() -> None:
    """No line, but a clock that NTP pulls by 200 ppm, there and back: all of its way is
    within the doubt, which says how far off the line it may be."""
    way = np.rint(np.minimum(LINE, 100 * SECOND - LINE) * 200e-6).astype(np.int64)
    found = skew(1, 0, *bounds(way))
    assert (found.grade, found.step) == ("approximate", None)
    error = np.abs(found.value(EPOCH + LINE) - way)
    doubt = found.doubt(EPOCH + LINE)
    assert (error <= doubt).all()
    assert error.max() > 4 * MS
    assert (doubt - error).max() < 300 * US


def test_set() -> None:
    """Where and by how much; all of both is within the doubt."""
    way = np.where(LINE > 30 * SECOND, 200 * MS, -100 * MS)
    found = skew(1, 0, *bounds(way))
    assert (found.grade, found.rate) == ("inconsistent", 0.0)
    begin, end = EPOCH + 30 * SECOND, EPOCH + 30 * SECOND + SECOND // 10
    assert found.step is not None
    assert (found.step.clock, found.step.begin, found.step.end) == (1, begin, end)
    # Give or take the delays before and after, and the drift between.
    assert found.step.least == 300 * MS - 250 * US
    assert found.step.most == pytest.approx(300 * MS + 300 * US, abs=50 * US)
    assert (np.abs(found.value(EPOCH + LINE) - way) <= found.doubt(EPOCH + LINE)).all()


def test_set_several_times() -> None:
    """No one step explains it: said so, without one."""
    found = skew(1, 0, *bounds(np.where(LINE // (20 * SECOND) % 2, 200 * MS, 0)))
    assert (found.grade, found.step) == ("inconsistent", None)


def test_too_fast() -> None:
    """A clock that gains 2,000 ppm is none."""
    assert skew(1, 0, *bounds(line(2000))).grade == "inconsistent"


@pytest.mark.parametrize(("sign", "bound"), [(1, "at most"), (-1, "at least")])
def test_one_direction(sign: int, bound: str) -> None:
    """The tightest bound, and which one it is; at least the delay is in doubt."""
    packets = Bounds(EPOCH + LINE[:3], sign * np.array([9 * MS, 7 * MS, 8 * MS]))
    found = skew(1, 0, packets, NONE) if sign > 0 else skew(1, 0, NONE, packets)
    assert (found.offset, found.rate, found.grade) == (sign * 7 * MS, 0.0, "one-sided")
    assert found.bound == bound
    assert (found.doubt(packets.time) == ONE_SIDED_NS).all()
    assert found.turned().bound == {"at most": "at least", "at least": "at most"}[bound]
    drifting = Bounds(EPOCH + LINE, line(1000.0))
    assert (skew(1, 0, drifting, NONE).doubt(drifting.time) == line(1000.0)[-1]).all()


@pytest.mark.parametrize("ppm", [0.0, 300.0, -450.0])
def test_turned(ppm: float) -> None:
    """From the other end: the same moments, the other sign, and as much doubt."""
    start = 40_000 * SECOND
    found = skew(1, 0, *bounds(line(ppm, start)))
    other = found.turned()
    assert (other.host, other.near, other.grade) == (0, 1, found.grade)
    here = EPOCH + LINE
    there = here - line(ppm, start)
    error = np.abs(other.value(there) + line(ppm, start))
    assert (error <= other.doubt(there)).all()
    assert other.doubt(there) == pytest.approx(found.doubt(here), rel=2e-3, abs=3)
    assert (abs(other.begin - there[0]), abs(other.end - there[-1])) <= (MS, MS)
    again = other.turned()
    assert again.rate == pytest.approx(found.rate, rel=1e-9)
    assert np.abs(again.value(here) - found.value(here)).max() <= 1


def test_a_turned_step() -> None:
    """The difference the other way round; open sides stay open."""
    step = Step(1, 10, 20, 5, None)
    assert step.negated() == Step(1, 10, 20, None, -5)
    assert step.negated().negated() == step
    way = np.where(LINE > 30 * SECOND, 200 * MS, -100 * MS)
    found = skew(1, 0, *bounds(way))
    assert found.step is not None
    assert found.turned().step == found.step.negated()


def test_given() -> None:
    """An offset without doubt, or with so much at all times."""
    times = np.array([0, EPOCH])
    for doubt in (0, 7):
        told = given(1, 0, -5, doubt)
        assert told.value(times).tolist() == [-5, -5]
        assert told.doubt(times).tolist() == [doubt] * 2
        assert told.grade == "approximate"


@pytest.mark.parametrize("seed", range(50))
def test_any_times_at_all(seed: int) -> None:
    """Times that no clock shows, as broken captures have them: some result, no error."""
    rng = np.random.default_rng(seed)
    limit = int(2 ** rng.uniform(1, 62))

    def some() -> Bounds:
        departure, arrival = rng.integers(limit, size=(2, int(rng.integers(1, 40))))
        return Bounds(arrival, arrival - departure)

    found: Skew = skew(1, 0, some(), some())
    for one in (found, found.turned()):
        times = rng.integers(limit, size=10)
        assert one.value(times).dtype == np.int64
        assert (one.doubt(times) >= 0).all()
        assert one.worst(one.begin, one.end) >= 0
