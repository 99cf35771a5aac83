"""Runs of ``improve`` as HTML: what one does now, the newest ones, and one in full. Knows no gradio and no storage."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.improvement import Run, RunState
from ui.staff.improve_gate_view import Title, gate_title, number, render_gates
from ui.staff.pieces import act, badge, moment, nothing

_STATES: Mapping[RunState, tuple[str, str]] = {
    RunState.RUNNING: ("◌ running", "warn"),
    RunState.PUBLISHED: ("✓ published", "good"),
    RunState.HELD: ("■ held back", "warn"),
    RunState.NOTHING_NEW: ("– nothing new", "plain"),
    RunState.FAILED: ("✕ failed", "bad"),
}
_STOPPED = ("✕ ended without a word", "bad")
_TILES = (
    ("new_reviews", "New reviews"),
    ("reviews", "Reviews"),
    ("reviewed_turns", "Reviewed turns"),
    ("golden_rows", "Golden rows"),
    ("redactions", "Words redacted"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is under way.

    Attributes:
        run: the newest run, or None.
        alive: a process improves the desk at this moment, or has just been started.
        failure: the last line of a process that was started here and failed before it had a run; None otherwise.
    """

    run: Run | None
    alive: bool
    failure: str | None = None

    @property
    def running(self) -> Run | None:
        """The run under way."""
        return self.run if self.alive and self.run and self.run.state is RunState.RUNNING else None


def render_standing(standing: Standing, golden: int) -> str:
    """What is under way, and what the golden set has; looked at again every few seconds while it is shown."""
    marks = f"{golden:,} {'turn' if golden == 1 else 'turns'} kept as golden by staff"
    return (
        f'<div class="im-now" data-every="refresh">{_under_way(standing)}'
        f'<p class="im-about">{marks}; mark more in Review with <kbd>g</kbd>.</p></div>'
    )


def _under_way(standing: Standing) -> str:
    run = standing.running
    if run is not None:
        share = round(100 * run.done / run.total) if run.total else None
        where = f" ({run.done:,} of {run.total:,})" if run.total else ""
        now = f' aria-valuenow="{share}"' if share is not None else ""
        return (
            f'<div class="st-live st-plain" role="status"><p><b>Run {run.run_id}</b> {escape(run.step)}{where}</p>'
            f'<div class="st-bar" role="progressbar" aria-label="This step" aria-valuemin="0" aria-valuemax="100"{now}>'
            f'<i style="width: {share if share is not None else 5}%"></i></div></div>'
        )
    if standing.alive:
        return '<div class="st-live st-plain" role="status"><p>A run is starting.</p></div>'
    if standing.failure:
        return f'<div class="st-live st-bad" role="alert"><p>No run: {escape(standing.failure)}</p></div>'
    return ""


def render_runs(runs: Sequence[Run], opened: int | None, *, alive: bool) -> str:
    """The newest runs as buttons."""
    if not runs:
        return nothing(
            "No run yet. A run trains on what was reviewed, proves the result, and publishes it or says why not."
        )
    rows = "".join(
        f'<li><button type="button" class="st-row" data-act="open" data-id="{run.run_id}"'
        f'{" aria-current=true" if run.run_id == opened else ""}><span class="st-meta"><b>Run {run.run_id}</b>'
        f"{state_badge(run, alive=alive)}{moment(run.started_utc)}<span>{escape(run.by)}</span></span>"
        f"<span>{escape(_short(run))}</span></button></li>"
        for run in runs
    )
    return f'<ol class="st-list" aria-label="Runs">{rows}</ol>'


def state_badge(run: Run, *, alive: bool) -> str:
    """How a run stands, in a word with a sign."""
    stopped = run.state is RunState.RUNNING and not alive
    return badge(*(_STOPPED if stopped else _STATES[run.state]))


def render_run(run: Run | None, verdicts: tuple[int, int], title: Title, *, alive: bool) -> str:
    """One run in full.

    Args:
        verdicts: how many differences its replay has, and how many of them nobody judged.
        alive: a process improves the desk at this moment.
    """
    if run is None:
        return nothing("Choose a run on the left.")
    return (
        f'<article class="st-item im-run" aria-label="Run {run.run_id}">'
        f"<h3>Run {run.run_id} {state_badge(run, alive=alive)}</h3>{_outcome(run, verdicts, alive=alive)}"
        f"{_facts(run, alive=alive)}{_tiles(run.figures)}"
        f"{render_gates(run.gates, title)}{_others(run.figures)}</article>"
    )


def _outcome(run: Run, verdicts: tuple[int, int], *, alive: bool) -> str:
    """Why it ended so, and what to do next."""
    reason = f"<p>{escape(_sentence(run.reason))}</p>" if run.reason else ""
    steps = "".join(f"<li>{step}</li>" for step in _next_steps(run, verdicts, alive=alive))
    return f'<section class="im-next">{reason}{f"<h4>What to do next</h4><ul>{steps}</ul>" if steps else ""}</section>'


def _next_steps(run: Run, verdicts: tuple[int, int], *, alive: bool) -> Iterator[str]:
    found, open_ones = verdicts
    failed = [gate for gate in run.gates if not gate.passed]
    if run.state is RunState.RUNNING and not alive:
        yield "Its process ended without a word. Start a new run: it goes on from the last checkpoint."
    if run.state is RunState.FAILED:
        yield "Mend what the line above names, and start a new run: it goes on from the last checkpoint."
    if run.state is RunState.NOTHING_NEW:
        yield "Review some conversations first, or start a run with “also where no review is new”."
    for gate in failed:
        yield f"<b>{escape(gate_title(gate.name))}</b>: {escape(gate.detail)}"
    if found:
        left = f"{open_ones:,} of {found:,} are not judged yet" if open_ones else f"all {found:,} are judged"
        yield f"{act('Compare the replies that differ', 'differences', id=run.run_id)} {left}."
    if run.state is RunState.HELD and not failed:
        yield "It passed every gate: an admin publishes it under Bundles."
    if run.state is RunState.PUBLISHED:
        yield "It answers customers. If it should not, an admin rolls back under Bundles, within a second."


def _facts(run: Run, *, alive: bool) -> str:
    rows = [("Started", f"{moment(run.started_utc)} UTC by {escape(run.by)}")]
    if run.finished_utc:
        rows.append(("Took", escape(_span(run.started_utc, run.finished_utc))))
    elif run.step and not alive:
        rows.append(("Its last step", escape(run.step)))
    if run.reviews_until_utc:
        rows.append(("Reviews until", f"{moment(run.reviews_until_utc)} UTC"))
    versions = (("Dataset", run.dataset_version), ("Bundle", run.bundle_version), ("Compared with", run.parent_bundle))
    rows += [(name, escape(version)) for name, version in versions if version]
    return f"<dl class=st-facts>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in rows)}</dl>"


def _tiles(figures: Mapping[str, float]) -> str:
    tiles = "".join(
        f'<div class="st-tile"><h3>{title}</h3><p class="st-figure">{number(figures[name])}</p></div>'
        for name, title in _TILES
        if name in figures
    )
    return f'<div class="st-tiles im-tiles">{tiles}</div>' if tiles else ""


def _others(figures: Mapping[str, float]) -> str:
    known = dict(_TILES)
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th><td class="st-number">{number(value)}</td></tr>'
        for name, value in figures.items()
        if name not in known
    )
    if not rows:
        return ""
    return (
        '<details class="st-figures"><summary>More figures</summary><div class="st-long" tabindex="0">'
        f'<table class="st-table"><tbody>{rows}</tbody></table></div></details>'
    )


def _short(run: Run) -> str:
    words = run.reason or run.bundle_version or ""
    return words if len(words) <= 110 else words[:109] + "…"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _span(started: datetime, finished: datetime) -> str:
    seconds = (finished - started).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
