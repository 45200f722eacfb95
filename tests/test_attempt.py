"""One attempt, as a script and a notebook have it."""

from __future__ import annotations

from pathlib import Path

import pytest

import synack

FIXTURES = Path(__file__).parents[1] / "fixtures"
X = "0a:de:ad:00:00:01"


@pytest.fixture(scope="module")
def diagnosis() -> synack.Diagnosis:
    return synack.diagnose(FIXTURES / "stale-arp")


def test_what_it_says(diagnosis: synack.Diagnosis) -> None:
    finding = diagnosis.findings[0]
    attempt = diagnosis.attempt(finding.rows[0])
    row = diagnosis.attempts.iloc[finding.rows[0]]
    assert attempt.client == f"{row['client']}:{row['client_port']}"
    assert attempt.server == f"{row['server']}:{row['server_port']}"
    assert (attempt.outcome, attempt.reason) == (row["outcome"], "")
    assert attempt.finding is finding
    assert repr(attempt) == f"<Attempt 3: {attempt.client} to {attempt.server}, syn-ack-lost>"


def test_one_that_nothing_need_explain(diagnosis: synack.Diagnosis) -> None:
    assert diagnosis.attempt(0).finding is None
    assert diagnosis.attempt(0).outcome == "completed"
    assert X not in diagnosis.attempt(0).plot_ladder().svg()


def test_its_transmissions_are_those_of_all(diagnosis: synack.Diagnosis) -> None:
    for number in (0, 3, 75):
        every = diagnosis.transmissions
        mine = every[every["attempt"] == number].reset_index(drop=True)
        assert diagnosis.attempt(number).transmissions.equals(mine)


def test_numbers_are_rows(diagnosis: synack.Diagnosis) -> None:
    for number in (-1, 76):
        with pytest.raises(IndexError, match=f"no attempt {number}: there are 76, from 0 on"):
            diagnosis.attempt(number)


def test_its_ladder_in_characters(diagnosis: synack.Diagnosis) -> None:
    """All of it, of as many rungs as there are."""
    text = diagnosis.attempt(3).to_text()
    assert all(f"SYN-ACK {n}/10" in text for n in range(1, 11))
    assert text.endswith("\n")


def test_the_stale_mac_is_marked(diagnosis: synack.Diagnosis) -> None:
    svg = diagnosis.attempt(3).plot_ladder().svg()
    assert svg.count(f'font-weight="bold" fill="#b3261e">{X}') == 10
    assert svg == diagnosis.plot_ladder().svg()
