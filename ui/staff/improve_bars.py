"""Small pictures of numbers for the improve tab: a value against its threshold, before against after. Pure HTML.

Each picture stands beside its numbers in words, so it is hidden from screen readers.
"""

from math import isfinite


def gauge(value: float, threshold: float) -> str:
    """A bar from 0 to the value, with a line where the threshold is; both may lie on either side of 0."""
    if not (isfinite(value) and isfinite(threshold)):
        return ""
    low, high = min(0.0, value, threshold), max(0.0, value, threshold)
    room = (high - low or 1.0) * 1.08
    start, end = sorted((_place(0.0, low, room), _place(value, low, room)))
    return (
        f'<span class="im-gauge" aria-hidden="true"><i style="left: {start:.1f}%; width: {max(end - start, 1.5):.1f}%">'
        f'</i><b style="left: {_place(threshold, low, room):.1f}%"></b></span>'
    )


def pair(before: float, after: float) -> str:
    """Two shares (0..1) as bars, the earlier above the later."""
    rows = "".join(f'<i class="im-{name}" style="width: {100 * _share(it):.1f}%"></i>' for name, it in
                   (("before", before), ("after", after)))  # fmt: skip
    return f'<span class="im-pair" aria-hidden="true">{rows}</span>'


def _place(value: float, low: float, room: float) -> float:
    return 100 * (value - low) / room


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0) if isfinite(value) else 0.0
