"""Wireshark's own dissection of a few packets, through pyshark: the only place that imports it.

pyshark runs tshark on an event loop, of which a notebook or an asyncio program has one already:
so it gets a thread and a loop of its own here. It would also run whatever a ``config.ini`` in
the current folder names as tshark, which may be an incident's: here it runs the one on the
PATH.
"""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synack.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 60.0
"""tshark takes half a second for fifty packets."""

_ENDING_S = 5.0
"""How long it may take to end once all is read."""

_MISSING = (
    "tshark (Wireshark's dissector) is not installed: apt install tshark,"
    " dnf install wireshark-cli, apk add tshark or brew install wireshark"
)
_MAC_APP = "/Applications/Wireshark.app/Contents/MacOS/tshark"


class Field(NamedTuple):
    """One field: Wireshark's filter name, its value, and the line that Wireshark shows."""

    name: str
    value: str
    line: str
    hidden: bool
    """Wireshark shows no line of it."""


@dataclass(frozen=True)
class Layer:
    """One protocol of a packet, its fields in the order of their bytes."""

    name: str
    fields: tuple[Field, ...]

    def get(self, *names: str) -> str | None:
        """The value of the first of these fields that is there."""
        for name in names:
            for field in self.fields:
                if field.name == name:
                    return field.value
        return None


Packet = list[Layer]
"""From the frame inwards."""


def find_tshark() -> str:
    """Where tshark is. Raises :class:`UsageError` with how to install it."""
    path = shutil.which("tshark") or shutil.which(_MAC_APP)
    if path is None:
        raise UsageError(_MISSING)
    return path


def dissect(path: Path) -> tuple[list[Packet], str]:
    """The packets of a small capture, and why there are not more of them ("": there are none).

    Works in scripts, in coroutines and in notebooks, and waits until all is read. Raises
    :class:`UsageError` without tshark, :class:`InputError` if it read nothing.
    """
    tshark = find_tshark()
    packets: list[Packet] = []
    with ThreadPoolExecutor(1, "synack-dissect") as executor:
        ended = executor.submit(_read, path, tshark, packets).result()
    if not packets and ended:
        raise InputError(tshark, ended)
    return packets, ended


def _read(path: Path, tshark: str, packets: list[Packet]) -> str:
    """In a thread of its own: fill ``packets``; why it ended early."""
    from pyshark import FileCapture
    from pyshark.capture.capture import TSharkCrashException

    class Capture(FileCapture):  # type: ignore[misc]
        """Runs the tshark that it was told to, and no other."""

        def _get_tshark_path(self) -> str:
            return tshark

        def _created_new_process(self, _: Any, process: Any) -> None:
            self._running_processes.add(process)

        async def _cleanup_subprocess(self, process: Any) -> None:
            """Let it end: pyshark kills what may still be ending, and never learns how it did."""
            try:
                code = await asyncio.wait_for(process.wait(), _ENDING_S)
            except TimeoutError:
                await super()._cleanup_subprocess(process)
            else:
                if code:
                    raise TSharkCrashException(f"{code}: {self._last_error_line or 'it crashed'}")

    with asyncio.Runner() as runner:
        capture = Capture(path, keep_packets=False, eventloop=runner.get_loop())
        try:
            capture.apply_on_packets(lambda p: packets.append(_packet(p)), timeout=TIMEOUT_S)
        except TSharkCrashException as error:
            return f"ended with exit code {error}"
        except TimeoutError:
            return f"did not end within {TIMEOUT_S:.0f} s"
        except OSError as error:
            return f"cannot be run: {error.strerror}"
        finally:
            # What is still in there would be waited for once more, on a loop that is closed.
            capture._running_processes.clear()
    return ""


def _packet(packet: Any) -> Packet:
    return [
        Layer(layer.layer_name, tuple(_fields(layer)))
        for layer in (packet.frame_info, *packet.layers)
    ]


def _fields(layer: Any) -> Iterator[Field]:
    """pyshark groups fields by name; their places in the packet put them in order again, what
    holds others first."""
    fields = [field for same in layer._all_fields.values() for field in same.all_fields]
    fields.sort(key=lambda field: (int(field.pos or 0), -int(field.size or 0)))
    for field in fields:
        value = field.show or field.raw_value or ""
        yield Field(field.name or "", value, field.showname or value, field.hide)
