"""Drawings as PNG, by matplotlib: the only module that imports it."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from synack.errors import UsageError
from synack.report.plain import printable
from synack.report.svg import FAINT, GROUND, Area, Box, Drawing, Line, Shape, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SCALE = 2
"""Pixels of the image for each of the drawing."""
_PX = 72 / 100
"""Points for each pixel of the drawing, at 100 dpi."""


def png(drawing: Drawing) -> bytes:
    """The image, twice as large as the drawing. Raises :class:`UsageError` without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("PNG needs the plot extra: pip install 'synack[plot]'") from None
    figure = Figure(figsize=(drawing.width / 100, drawing.height / 100), dpi=100 * _SCALE)
    FigureCanvasAgg(figure)
    figure.patch.set_facecolor(GROUND)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    axes.axis("off")
    edge = Box(0.5, 0.5, drawing.width - 1, drawing.height - 1, GROUND, FAINT, 6)
    for place, shape in enumerate((edge, *drawing.shapes)):
        _draw(axes, shape, place)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # Names from files may be in any script; what a font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        figure.savefig(out, format="png", metadata={"Software": None, "Title": None})
    return out.getvalue()


def _draw(axes: Axes, shape: Shape, place: int) -> None:
    """``place``: later ones are drawn over earlier ones."""
    from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

    over: dict[str, Any] = {"zorder": place}
    if isinstance(shape, Text):
        axes.text(
            shape.x, shape.y, printable(shape.text), color=shape.colour, fontsize=shape.size * _PX,
            family="monospace" if shape.mono else "sans-serif",
            weight="bold" if shape.bold else "normal",
            ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
            va="baseline", parse_math=False, **over,
        )  # fmt: skip
    elif isinstance(shape, Line):
        dash = [float(part) / max(shape.width, 1) for part in shape.dash.split()]
        axes.plot(
            [shape.x1, shape.x2], [shape.y1, shape.y2], color=shape.colour,
            linewidth=shape.width * _PX, linestyle=(0, tuple(dash)) if dash else "-", **over,
        )  # fmt: skip
    elif isinstance(shape, Box):
        style: dict[str, Any] = {"facecolor": shape.colour, "linewidth": _PX,
                                 "edgecolor": shape.border or "none", **over}  # fmt: skip
        corner, size = (shape.x, shape.y), (shape.width, shape.height)
        if shape.radius:
            rounded = f"round,pad=0,rounding_size={shape.radius}"
            axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=rounded, **style))
        else:
            axes.add_patch(Rectangle(corner, *size, **style))
    elif isinstance(shape, Area):
        axes.add_patch(Polygon(shape.points, closed=True, facecolor=shape.colour, **over))
