"""A run of ``improve`` as a page of Markdown: what went in, what came out, and what each gate said.

Holds numbers and names of versions, no customer's words.
"""

from collections.abc import Iterator, Mapping

from bot.improvement import GateResult, Run, RunState

_OUTCOMES = {
    RunState.RUNNING: "still running",
    RunState.PUBLISHED: "published",
    RunState.HELD: "held back",
    RunState.NOTHING_NEW: "nothing new",
    RunState.FAILED: "failed",
}


def run_as_markdown(run: Run) -> str:
    """The page."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    reason = f": {run.reason}" if run.reason else ""
    yield f"# Run {run.run_id}: {_OUTCOMES[run.state]}"
    yield ""
    yield f"The bundle was {_OUTCOMES[run.state]}{reason}." if run.bundle_version else f"No bundle was made{reason}."
    yield ""
    yield "| | |"
    yield "|---|---|"
    for name, value in _facts(run):
        yield f"| {name} | {value} |"
    if run.figures:
        yield from ("", "## Figures", "", "| figure | value |", "|---|---|")
        yield from (f"| {name} | {_number(value)} |" for name, value in run.figures.items())
    if run.gates:
        yield from ("", "## Gates", "", "| gate | | measured | threshold | |", "|---|---|---|---|---|")
        yield from map(_gate, run.gates)
        for gate in run.gates:
            yield from _details(gate.name, gate.figures)


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "started", f"{run.started_utc:%Y-%m-%d %H:%M} UTC by {run.by}"
    if run.finished_utc:
        yield "took", f"{(run.finished_utc - run.started_utc).total_seconds():.0f} s"
    if run.reviews_until_utc:
        yield "reviews until", f"{run.reviews_until_utc:%Y-%m-%d %H:%M} UTC"
    for name, version in (
        ("dataset", run.dataset_version),
        ("bundle", run.bundle_version),
        ("compared with", run.parent_bundle),
    ):
        if version:
            yield name, version


def _gate(gate: GateResult) -> str:
    measured, threshold = (_number(value) if value is not None else "" for value in (gate.value, gate.threshold))
    return f"| {gate.name} | {'passed' if gate.passed else '**failed**'} | {measured} | {threshold} | {gate.detail} |"


def _details(name: str, figures: Mapping[str, float]) -> Iterator[str]:
    if figures:
        yield from ("", f"### {name}", "", "| figure | value |", "|---|---|")
        yield from (f"| {figure} | {_number(value)} |" for figure, value in figures.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
