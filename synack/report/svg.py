"""Small drawings of a few kinds of shapes: the same input gives the same SVG.

Colours are literal, so that every viewer shows them; a drawing brings its own light ground, so
that it reads in a light and in a dark page, and on paper. All text is untrusted and escaped.
Lengths are px, y grows downwards.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from synack.errors import UsageError
from synack.output import write
from synack.report.plain import printable

INK, GREY, FAINT, GROUND = "#1f2328", "#57606a", "#d0d7de", "#ffffff"
"""Text; lesser text; lines of the ground; the ground."""
ALARM = "#b3261e"
SIZE = 12
"""Of text, px."""
COLUMN, MONO_COLUMN = 0.56, 0.602
"""About how wide a character is, in parts of its size; of MONO exactly."""
SANS = "'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
MONO = "Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True)
class Line:
    """``dash``: stroke-dasharray, "" for a line without gaps."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = INK
    width: float = 1.0
    dash: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Box:
    """A filled rectangle. ``border``: colour of its edge, "" for none."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    border: str = ""
    radius: float = 0.0
    hint: str = ""


@dataclass(frozen=True)
class Area:
    """A filled polygon."""

    points: tuple[tuple[float, float], ...]
    colour: str
    hint: str = ""


@dataclass(frozen=True)
class Text:
    """One line of text, at its base line. ``anchor``: start, middle or end."""

    x: float
    y: float
    text: str
    colour: str = INK
    size: float = SIZE
    anchor: str = "start"
    mono: bool = False
    bold: bool = False
    hint: str = ""


_FLUID = ' style="max-width:100%;height:auto"'

Shape = Line | Box | Area | Text


@dataclass
class Drawing:
    """A drawing that Jupyter shows, and that :meth:`save` writes."""

    width: float
    height: float
    title: str
    """What a screen reader says."""
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Draw ``shapes`` over what is there."""
        self.shapes += shapes

    def svg(self, *, fluid: bool = True) -> str:
        """The whole drawing as one SVG element of its own. ``fluid``: never wider than what it
        stands in, by a style that the policy of a page may refuse."""
        size = f'width="{number(self.width)}" height="{number(self.height)}"'
        view = f'viewBox="0 0 {number(self.width)} {number(self.height)}"'
        ground = Box(0.5, 0.5, self.width - 1, self.height - 1, GROUND, FAINT, 6)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} role="img"'
            f"{_FLUID if fluid else ''}"
            f' font-family="{escape(SANS)}" font-size="{SIZE}" fill="{INK}">',
            f"<title>{quoted(self.title)}</title>",
            *(_element(shape) for shape in (ground, *self.shapes)),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as SVG or, by the name of ``path``, as PNG (needs the extra ``plot``).

        Raises :class:`~synack.errors.UsageError` for another ending, when the extra is missing,
        and when the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() == ".svg":
            write(self.svg(), target)
        elif target.suffix.lower() == ".png":
            from synack.report.png import png

            write([png(self)], target)
        else:
            raise UsageError(f"{target}: a drawing is saved as .svg or .png")


def quoted(text: str) -> str:
    """``text`` as XML shows it: nothing in it is markup, and no character is forbidden there."""
    return escape(printable(text))


def columns(text: str) -> int:
    """The width of ``text`` in characters, those of East Asia counting two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in printable(text))


def width_of(text: str, size: float = SIZE, mono: bool = False) -> float:
    """About how wide ``text`` becomes, px, rather more than less."""
    return columns(text) * size * (MONO_COLUMN if mono else COLUMN)


def fitted(text: str, width: float, size: float = SIZE, mono: bool = False) -> str:
    """``text``, its middle left out where it is wider than ``width``. Not for addresses."""
    text = printable(text)
    room = max(int(width / (size * (MONO_COLUMN if mono else COLUMN))), 3)
    if columns(text) <= room:
        return text
    if columns(text) > len(text):
        room = max(room // 2, 3)
    head = (room - 1) // 2
    return f"{text[:head]}\u2026{text[len(text) - (room - 1 - head) :]}"


def arrow(x1: float, y1: float, x2: float, y2: float, colour: str) -> Area:
    """The head of an arrow whose tip is at (x2, y2)."""
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    back, half = 8.0, 3.5
    bx, by = x2 - back * ux, y2 - back * uy
    return Area(((x2, y2), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)),
                colour)  # fmt: skip


def legend(
    items: Iterable[tuple[str, str]], x: float, y: float, width: float
) -> tuple[list[Shape], float]:
    """A square and a word for each (word, colour), in lines no wider than ``width``, from the
    base line ``y`` on; and the base line of the last of them."""
    shapes: list[Shape] = []
    at = x
    for word, colour in items:
        room = 16 + width_of(word, 11) + 14
        if at > x and at + room > x + width:
            at, y = x, y + 18
        shapes += [Box(at, y - 9, 10, 10, colour), Text(at + 15, y, word, GREY, 11)]
        at += room
    return shapes, y


def number(value: float) -> str:
    """As short as it goes, to a tenth of a pixel."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _element(shape: Shape) -> str:
    name, attributes, content = _parts(shape)
    text = "".join(f' {key}="{value}"' for key, value in attributes if value)
    hint = f"<title>{quoted(shape.hint)}</title>" if shape.hint else ""
    inner = hint + content
    return f"<{name}{text}>{inner}</{name}>" if inner else f"<{name}{text}/>"


def _parts(shape: Shape) -> tuple[str, Sequence[tuple[str, str]], str]:
    """Name, attributes (empty ones are left out) and content of the element."""
    n = number
    if isinstance(shape, Line):
        ends = [(k, n(v)) for k, v in zip(("x1", "y1", "x2", "y2"),
                (shape.x1, shape.y1, shape.x2, shape.y2), strict=True)]  # fmt: skip
        stroke = n(shape.width) if shape.width != 1 else ""
        style = [("stroke", shape.colour), ("stroke-width", stroke),
                 ("stroke-dasharray", shape.dash)]  # fmt: skip
        return "line", [*ends, *style], ""
    if isinstance(shape, Box):
        place = [
            ("x", n(shape.x)),
            ("y", n(shape.y)),
            ("width", n(shape.width)),
            ("height", n(shape.height)),
            ("rx", n(shape.radius) if shape.radius else ""),
        ]
        return "rect", [*place, ("fill", shape.colour), ("stroke", shape.border)], ""
    if isinstance(shape, Area):
        points = " ".join(f"{n(x)},{n(y)}" for x, y in shape.points)
        return "polygon", [("points", points), ("fill", shape.colour)], ""
    style = [
        ("font-size", n(shape.size) if shape.size != SIZE else ""),
        ("font-family", escape(MONO) if shape.mono else ""),
        ("font-weight", "bold" if shape.bold else ""),
        ("text-anchor", shape.anchor if shape.anchor != "start" else ""),
        ("fill", shape.colour if shape.colour != INK else ""),
    ]
    return "text", [("x", n(shape.x)), ("y", n(shape.y)), *style], quoted(shape.text)
