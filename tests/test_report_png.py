"""The same shapes as pixels."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from synack.errors import UsageError
from synack.report.png import png
from synack.report.svg import Area, Box, Drawing, Line, Text
from synack.tables import Array


def pixels(*shapes: Line | Box | Area | Text) -> Array:
    """RGB of each pixel of a drawing of 100 by 50, two for one."""
    import io

    from matplotlib.image import imread

    drawing = Drawing(100, 50, "t", list(shapes))
    image = np.asarray(imread(io.BytesIO(png(drawing))))
    assert image.shape[:2] == (100, 200)
    return (image[:, :, :3] * 255).round().astype(int)


def test_shapes_are_where_they_are_in_the_svg() -> None:
    image = pixels(Box(10, 10, 20, 10, "#ff0000"), Box(40, 10, 20, 10, "#00ff00", radius=4),
                   Area(((70, 10), (90, 10), (90, 30), (70, 30)), "#0000ff"),
                   Line(10, 40, 90, 40, "#ff00ff", 3))  # fmt: skip
    assert image[30, 40].tolist() == [255, 0, 0]
    assert image[30, 100].tolist() == [0, 255, 0]
    assert image[40, 160].tolist() == [0, 0, 255]
    assert image[80, 100].tolist() == [255, 0, 255]
    assert image[60, 100].tolist() == [255, 255, 255]


def test_later_ones_are_over_earlier_ones() -> None:
    image = pixels(Box(10, 10, 20, 20, "#ff0000"), Line(10, 20, 30, 20, "#00ff00", 4),
                   Box(10, 10, 20, 20, "#0000ff"))  # fmt: skip
    assert image[40, 40].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    "text", ["$x^2$", r"$\frac{1}{", "\ud800\x00", "\u65e5\u672c\u8a9e", "\\", "%s{}", "a\nb"]
)
def test_any_text_is_drawn_and_none_is_a_formula(text: str) -> None:
    """A dollar does not begin one, and what no font has warns nobody."""
    image = pixels(Text(5, 30, text))
    assert (image != 255).any(axis=2).sum() > 400  # more than the edge


def test_dollars_are_shown() -> None:
    """As wide as they are long: a formula would hide them."""
    plain, dollars = (pixels(Text(5, 30, text)) for text in ("aaaa", "$aa$"))
    right = [np.flatnonzero((image[20:80, 6:190] < 128).any(axis=(0, 2))).max()
             for image in (plain, dollars)]  # fmt: skip
    assert right[1] >= right[0] - 2


def test_anchors() -> None:
    def left(anchor: str) -> int:
        image = pixels(Text(50, 30, "word", anchor=anchor))
        return int(np.flatnonzero((image[20:80, 6:190] < 128).any(axis=(0, 2))).min())

    assert left("end") < left("middle") < left("start")


def test_the_same_each_time() -> None:
    drawing = Drawing(100, 50, "t", [Text(5, 30, "word")])
    assert png(drawing) == png(drawing)


def test_without_matplotlib_it_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['matplotlib.figure'] = None\n"
        "from synack.report.png import png\nfrom synack.report.svg import Drawing\n"
        "png(Drawing(1, 1, ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert UsageError.__name__ in done.stderr
    assert "PNG needs the plot extra: pip install 'synack[plot]'" in done.stderr
