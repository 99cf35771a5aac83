"""What the gates of a run found, as a table with small pictures. Knows no gradio, no storage and no gate's inside."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from bot.improvement import GateResult
from ui.staff.improve_bars import gauge, pair
from ui.staff.pieces import badge

Title = Callable[[str], str]
"""Names an intent for people."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a gate's number is called and written.

    Attributes:
        least: it must be at least the threshold; else at most.
    """

    title: str
    write: Callable[[float], str]
    least: bool = False


def _p(value: float) -> str:
    return f"p = {value:.3f}"


def _points(value: float) -> str:
    return f"{value:.1f} points"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _times(value: float) -> str:
    return f"{value:.2f} ×"


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


def number(value: float) -> str:
    """A number of which no more is known."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


_LOOKS: Mapping[str, _Look] = {
    "golden_set": _Look("Golden set: chance that it is no worse", _p, least=True),
    "golden_intents": _Look("Golden set: most that an intent lost", _points),
    "golden_answers": _Look("Golden set: answers, chance that they are no worse", _p, least=True),
    "replay_risk": _Look("Real turns again: share that differs in a risky way", _percent),
    "replay_alone": _Look("Real turns again: fewer answered by the bot alone", _points),
    "replay_verdicts": _Look("Real turns again: called worse by people", number),
    "out_of_scope": _Look("Out of scope: told apart less well (AUROC)", _points),
    "out_of_scope_answers": _Look("Out of scope: more messages answered", _points),
    "injections": _Look("Injections that it answers anew", number),
    "injections_grounded": _Look("Replies that nobody approved", number),
    "latency": _Look("Time a turn takes, against the live bundle", _times),
    "memory": _Look("Memory", _megabytes),
}
_INTENTS = "golden_intents"
_COLUMNS = ("Gate", "Result", "Measured", "Threshold", "")


def render_gates(gates: Iterable[GateResult], title: Title) -> str:
    """All gates, those that failed first; empty without any."""
    ordered = sorted(gates, key=lambda gate: gate.passed)
    if not ordered:
        return ""
    head = "".join(f'<th scope="col">{name or "<span class=im-hidden>Picture</span>"}</th>' for name in _COLUMNS)
    rows = "".join(map(_row, ordered))
    details = "".join(_details(gate, title) for gate in ordered)
    return (
        f'<h4>Gates</h4><div class="im-wide" tabindex="0" role="region" aria-label="Gates"><table class="st-table '
        f'im-gates"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{details}'
    )


def gate_title(name: str) -> str:
    """How a gate is named to people."""
    look = _LOOKS.get(name)
    return look.title if look else name.replace("_", " ").capitalize()


def _row(gate: GateResult) -> str:
    mark = badge("✓ passed", "good") if gate.passed else badge("✕ failed", "bad")
    measured, threshold = _written(gate)
    picture = gauge(gate.value, gate.threshold) if gate.value is not None and gate.threshold is not None else ""
    return (
        f'<tr class="{"" if gate.passed else "im-failed"}"><th scope="row">{escape(gate_title(gate.name))}'
        f"<small>{escape(gate.detail)}</small></th><td>{mark}</td><td class=st-number>{measured}</td>"
        f"<td class=st-number>{threshold}</td><td>{picture}</td></tr>"
    )


def _written(gate: GateResult) -> tuple[str, str]:
    """The number and its threshold with the side on which it must lie."""
    look = _LOOKS.get(gate.name, _Look(gate.name, number))
    if gate.value is None or gate.threshold is None:
        return ("–" if gate.value is None else look.write(gate.value)), "–"
    # A gate that had too little to measure gives how much it had, and fails below its threshold.
    too_little = not look.least and not gate.passed and gate.value < gate.threshold
    counted = too_little or (look.write is _p and gate.threshold > 1)
    write = number if counted else look.write
    side = "at least" if look.least or too_little else "at most"
    return escape(write(gate.value)), f"{side} {escape(write(gate.threshold))}"


def _details(gate: GateResult, title: Title) -> str:
    if not gate.figures:
        return ""
    body = _intents(gate.figures, title) if gate.name == _INTENTS else _figures(gate.figures)
    opened = " open" if gate.name == _INTENTS and not gate.passed else ""
    return (
        f'<details class="st-figures"{opened}><summary>{escape(gate_title(gate.name))}: figures</summary>'
        f'<div class="st-long" tabindex="0">{body}</div></details>'
    )


def _figures(figures: Mapping[str, float]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th><td class="st-number">{number(value)}</td></tr>'
        for name, value in figures.items()
    )
    return f'<table class="st-table"><tbody>{rows}</tbody></table>'


def _intents(figures: Mapping[str, float], title: Title) -> str:
    """Accuracy of each intent before and after, the greatest loss first."""
    by_intent: dict[str, dict[str, float]] = {}
    for name, value in figures.items():
        intent, _, kind = name.rpartition(".")
        by_intent.setdefault(intent, {})[kind] = value
    whole = {intent: row for intent, row in by_intent.items() if {"live", "candidate", "rows"} <= row.keys()}
    ordered = sorted(whole.items(), key=lambda item: (item[1]["candidate"] - item[1]["live"], item[0]))
    rows = "".join(
        f'<tr><th scope="row">{escape(title(intent))}</th><td>{pair(row["live"], row["candidate"])}</td>'
        f'<td class="st-number">{row["live"]:.0%}</td><td class="st-number">{row["candidate"]:.0%}</td>'
        f'<td class="st-number">{_gap(row["candidate"] - row["live"])}</td>'
        f'<td class="st-number">{row["rows"]:.0f}</td></tr>'
        for intent, row in ordered
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Intent", "", "Live", "Candidate", "Change", "Rows"))
    return f'<table class="st-table im-intents"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _gap(gap: float) -> str:
    points = round(100 * gap)
    return "same" if not points else f"{'▲' if points > 0 else '▼'} {abs(points)}"
