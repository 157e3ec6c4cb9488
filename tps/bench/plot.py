"""Results as SVG: lines over time, distributions of latency, bars. Plain text, no library; light or dark."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

from tps.bench.latency import Latency
from tps.bench.results import Pair, Report, Run

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 48, 56
COLOURS = (
    ("#1f6f8b", "#5fb3d1"),
    ("#c8553d", "#ef8a73"),
    ("#588157", "#8fc58d"),
    ("#8d6a9f", "#c3a1d6"),
    ("#b08900", "#e3bd45"),
    ("#3d405b", "#a9aed1"),
)
"""Of each line and bar: on a light page, on a dark one."""
_TICKS, _X_TICKS_MAX = 5, 12
_LETTER, _GAP = 6.6, 12.0
"""About how wide a letter of the legend is, and what lies between two names."""
_CLASSES = (
    ("paper", "fill:{}", ("#ffffff", "#0d1117")),
    ("ink", "fill:{}", ("#222222", "#e6edf3")),
    ("quiet", "fill:{}", ("#5f5f5f", "#9da7b3")),
    ("axis", "fill:none;stroke:{}", ("#444444", "#8b949e")),
    ("grid", "fill:none;stroke:{}", ("#dddddd", "#30363d")),
    *(
        (f"line{place}", "fill:none;stroke-width:2;stroke-linejoin:round;stroke:{}", pair)
        for place, pair in enumerate(COLOURS)
    ),
    *((f"fill{place}", "fill:{}", pair) for place, pair in enumerate(COLOURS)),
)
"""Class, its rule, and its colour in light and dark."""
_FONT = "font-family='system-ui, sans-serif' font-size='12'"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    name: str
    value: float
    colour: int = 0
    """Place in `COLOURS`."""


def _style() -> str:
    light, dark = (
        "".join(f".{name}{{{rule.format(colours[scheme])}}}" for name, rule, colours in _CLASSES) for scheme in (0, 1)
    )
    return f"<style>{light}@media (prefers-color-scheme:dark){{{dark}}}</style>\n"


def rate_over_time(runs: Sequence[Run], title: str) -> str:
    """What each run did in each second."""
    lines = [
        # The last second is not a whole one.
        Line(f"{run.scenario} {number}" if len(runs) > 1 else run.scenario, list(enumerate(run.over_time[:-1], 1)))
        for number, run in enumerate(runs, 1)
        if len(run.over_time) > 1
    ]
    unit = runs[0].unit if runs else ""
    return line_chart(title, lines, x_title="second", y_title=f"{unit} a second")


def memory_over_time(run: Run, title: str) -> str:
    """What the server held in each second."""
    points = [(float(second), held) for second, held in enumerate(run.memory_over_time_mb)]
    return line_chart(title, [Line("server", points)], x_title="second", y_title="megabytes")


def latency_distribution(latencies: Sequence[tuple[str, Latency]], title: str) -> str:
    """How many of all took no longer than so many milliseconds; milliseconds by decades."""
    lines = [Line(name, _cumulated(times)) for name, times in latencies]
    return line_chart(title, lines, x_title="milliseconds", y_title="per cent done", x_by_decades=True)


def medians(reports: Sequence[tuple[str, Report]], title: str) -> str:
    """The median rate of each report under its name: of stores that grow, say."""
    bars = [Bar(name, report.medians_per_s[report.runs[0].scenario]) for name, report in reports]
    units = {report.runs[0].unit for _, report in reports}
    return bar_chart(title, bars, y_title=f"{' or '.join(sorted(units))} a second")


def compared(pairs: Sequence[Pair], title: str) -> str:
    """Ours and Kannel's, pair by pair."""
    bars: list[Bar] = []
    for number, pair in enumerate(pairs, 1):
        bars += [Bar(f"run {number}", pair.ours_per_s), Bar("Kannel", pair.kannel_per_s, colour=1)]
    return bar_chart(title, bars, y_title="settings a second")


def line_chart(title: str, lines: Sequence[Line], *, x_title: str, y_title: str, x_by_decades: bool = False) -> str:
    """Lines over common axes: upward from zero, across from the lowest value to the highest."""
    points = [point for line in lines for point in line.points]
    x_low, x_high = _span([x for x, _ in points])
    y_high = _nice(max((y for _, y in points), default=1.0))

    def place(x: float, y: float) -> str:
        share = _share_by_decades(x, x_low, x_high) if x_by_decades else (x - x_low) / (x_high - x_low)
        across = LEFT + share * (WIDTH - LEFT - RIGHT)
        return f"{across:.1f},{HEIGHT - BOTTOM - y / y_high * (HEIGHT - TOP - BOTTOM):.1f}"

    drawn = [_frame(title, x_title, y_title), *_y_ticks(y_high)]
    for tick in _x_ticks(x_low, x_high, by_decades=x_by_decades):
        across = place(tick, 0).partition(",")[0]
        drawn.append(f"<path class='grid' d='M{across} {TOP} V{HEIGHT - BOTTOM}'/>")
        drawn.append(_text(float(across), HEIGHT - BOTTOM + 18, _number(tick), "middle"))
    for number, line in enumerate(lines):
        path = " ".join(place(x, y) for x, y in line.points)
        drawn.append(f"<polyline class='line{number % len(COLOURS)}' points='{path}'/>")
    return _svg(title, [*drawn, *_legend([line.name for line in lines] if len(lines) > 1 else [])])


def bar_chart(title: str, bars: Sequence[Bar], *, y_title: str) -> str:
    """Bars side by side, each with its value on it."""
    y_high = _nice(max((bar.value for bar in bars), default=1.0))
    room = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    drawn = [_frame(title, "", y_title), *_y_ticks(y_high)]
    for number, bar in enumerate(bars):
        height = bar.value / y_high * (HEIGHT - TOP - BOTTOM)
        left, top = LEFT + number * room + room * 0.15, HEIGHT - BOTTOM - height
        drawn.append(
            f"<rect class='fill{bar.colour % len(COLOURS)}' x='{left:.1f}' y='{top:.1f}' width='{room * 0.7:.1f}' "
            f"height='{height:.1f}'/>"
        )
        drawn.append(_text(left + room * 0.35, top - 5, _number(bar.value), "middle"))
        drawn.append(_text(left + room * 0.35, HEIGHT - BOTTOM + 18, bar.name, "middle"))
    return _svg(title, drawn)


def _cumulated(times: Latency) -> list[tuple[float, float]]:
    done = 0
    points: list[tuple[float, float]] = []
    for upper, number in times.histogram:
        done += number
        points.append((upper, done / times.samples * 100))
    return points


def _svg(title: str, drawn: Sequence[str]) -> str:
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {_FONT}>\n"
        f"<title>{escape(title)}</title>\n{_style()}<rect class='paper' width='{WIDTH}' height='{HEIGHT}'/>\n"
    )
    return head + "\n".join(drawn) + "\n</svg>\n"


def _legend(names: Sequence[str]) -> list[str]:
    """The names of lines, each in its colour, from the right."""
    drawn: list[str] = []
    x = float(WIDTH - RIGHT)
    for number, name in reversed(list(enumerate(names))):
        drawn.append(_text(x, TOP - 8, name, "end", f"fill{number % len(COLOURS)}"))
        x -= len(name) * _LETTER + _GAP
    return drawn


def _frame(title: str, x_title: str, y_title: str) -> str:
    base = HEIGHT - BOTTOM
    return "\n".join(
        (
            _text(LEFT, 24, title, "start"),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_title, "middle"),
            _text(LEFT, TOP - 8, y_title, "start", "quiet"),
            f"<path class='axis' d='M{LEFT} {TOP} V{base} H{WIDTH - RIGHT}'/>",
        )
    )


def _y_ticks(high: float) -> list[str]:
    drawn: list[str] = []
    for step in range(_TICKS + 1):
        value = high * step / _TICKS
        y = HEIGHT - BOTTOM - step / _TICKS * (HEIGHT - TOP - BOTTOM)
        drawn.append(f"<path class='grid' d='M{LEFT} {y:.1f} H{WIDTH - RIGHT}'/>")
        drawn.append(_text(LEFT - 8, y + 4, _number(value), "end"))
    return drawn


def _x_ticks(low: float, high: float, *, by_decades: bool) -> list[float]:
    """Values that are easily read: 1, 2 and 5 of each decade, or multiples of one of them, whole where they count."""
    if by_decades:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        readable = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
        return [value for value in readable if low * 0.999 <= value <= high * 1.001]
    step = next(width for width in _readable_widths() if (high - low) / width <= _X_TICKS_MAX)
    return [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _readable_widths() -> Iterator[float]:
    return (width * 10.0**decade for decade in count() for width in (1, 2, 5))


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=1.0), max(values, default=1.0)
    return low, high if high > low else low + 1.0


def _share_by_decades(value: float, low: float, high: float) -> float:
    return (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))


def _nice(value: float) -> float:
    """The next value that is easily divided."""
    if value <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if step * decade >= value * 0.999)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def _text(x: float, y: float, text: str, anchor: str, kind: str = "ink") -> str:
    return f"<text class='{kind}' x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'>{escape(text)}</text>"
