"""Draw the course of each figure as a small chart, all of them as one picture (SVG)."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from bench.figures import FIGURES, Figure

_COLUMNS: Final = 3
_CELL_WIDTH: Final = 300
_CELL_HEIGHT: Final = 110
_LEFT, _RIGHT, _TOP, _BOTTOM = 14, 246, 40, 92
_MAX_TITLE_CHARS: Final = 46
_COLOURS: Final = {True: "#1a7f37", False: "#cf222e", None: "#57606a"}
"""Of the last value: its goal is met, missed, or there is none."""


def chart(courses: Mapping[str, Sequence[float]]) -> str:
    """Return the picture. courses: the values of each figure, oldest first."""
    shown = [(FIGURES[name], values) for name, values in courses.items() if values]
    rows = -(-len(shown) // _COLUMNS)
    cells = [
        f'<g transform="translate({index % _COLUMNS * _CELL_WIDTH},{index // _COLUMNS * _CELL_HEIGHT})">{_cell(*each)}</g>'
        for index, each in enumerate(shown)
    ]
    size = f'viewBox="0 0 {_COLUMNS * _CELL_WIDTH} {rows * _CELL_HEIGHT}" width="{_COLUMNS * _CELL_WIDTH}"'
    style = "text{font:11px sans-serif;fill:#57606a}.value{font-weight:bold}"
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<style>{style}</style>", *cells, "</svg>", ""]
    )


def _cell(figure: Figure, values: Sequence[float]) -> str:
    bounds = [*values, *([] if figure.bound is None else [figure.bound])]
    low, high = min(bounds), max(bounds)

    def height(value: float) -> float:
        return round(_BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP), 1) if high > low else _BOTTOM

    step = (_RIGHT - _LEFT) / max(len(values) - 1, 1)
    points = [(round(_LEFT + step * index, 1), height(value)) for index, value in enumerate(values)]
    colour = _COLOURS[figure.is_met(values[-1])]
    line = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in points)
    return "".join(
        [
            f'<text x="{_LEFT}" y="16">{escape(_shortened(figure.title))}</text>',
            f'<text x="{_LEFT}" y="30">{escape(f"goal {figure.goal}" if figure.goal else "no goal")}</text>',
            "" if figure.bound is None else _goal_line(height(figure.bound)),
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}',
            f'<text class="value" x="{_RIGHT + 6}" y="{points[-1][1] + 4}" style="fill:{colour}">{values[-1]:g}</text>',
        ]
    )


def _goal_line(y: float) -> str:
    return f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}" stroke="#8c959f" stroke-dasharray="3 3"/>'


def _shortened(title: str) -> str:
    plain = title.replace("`", "")
    return plain if len(plain) <= _MAX_TITLE_CHARS else f"{plain[: _MAX_TITLE_CHARS - 1]}…"
