"""Finds the SYN-ACKs that were sent and never received, and the stale entry behind them.

>>> import synack
>>> diagnosis = synack.diagnose("fixtures/stale-arp")
>>> diagnosis.findings[0].kind
'stale-neighbor'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Attempt",
    "Diagnosis",
    "Drawing",
    "Evidence",
    "Finding",
    "InputError",
    "SynackError",
    "diagnose",
]

if TYPE_CHECKING:
    from synack.api import Diagnosis, diagnose
    from synack.attempt import Attempt
    from synack.errors import InputError, SynackError
    from synack.model import Evidence, Finding
    from synack.report.svg import Drawing

_HOME = {
    "Attempt": "attempt",
    "Drawing": "report.svg",
    "Diagnosis": "api",
    "diagnose": "api",
    "Evidence": "model",
    "Finding": "model",
    "InputError": "errors",
    "SynackError": "errors",
}


def __getattr__(name: str) -> Any:
    """Import on first use: ``synack --help`` must not wait for numpy."""
    if name not in _HOME:
        raise AttributeError(f"module 'synack' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"synack.{_HOME[name]}"), name)
