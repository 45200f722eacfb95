"""Wireshark display filters: what to paste to see the frames that a claim rests on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from synack.addresses import parse_ip, parse_mac
from synack.model import Finding


def of_frames(frames: Iterable[int]) -> str:
    """``frame.number in {38, 69..71}``: these frames, runs as ranges (Wireshark 2.6 or newer);
    "" without any."""
    numbers = np.unique(np.fromiter(frames, np.int64))
    if not len(numbers):
        return ""
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    firsts = numbers[np.concatenate([[0], breaks + 1])].tolist()
    lasts = numbers[np.concatenate([breaks, [len(numbers) - 1]])].tolist()
    runs = [f"{a}" if a == b else f"{a}..{b}" for a, b in zip(firsts, lasts, strict=True)]
    return f"frame.number in {{{', '.join(runs)}}}"


def of_finding(finding: Finding) -> str:
    """What went to the wrong MAC of a finding; "" if it is not about one."""
    if parse_mac(finding.stale_mac) is None or parse_ip(finding.ip) is None:
        return ""
    if finding.next_hop == "gateway":
        return f"eth.dst == {finding.stale_mac}"
    field = "ipv6" if ":" in finding.ip else "ip"
    return f"eth.dst == {finding.stale_mac} && {field}.dst == {finding.ip}"
