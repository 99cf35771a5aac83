"""The desk's bundles as HTML: lineage, figures, flags, which one is live. Knows no gradio and no storage."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from bot.catalogue import ListedBundle
from bot.improvement import Run
from ui.staff.improve_gate_view import gate_title
from ui.staff.improve_run_view import state_badge
from ui.staff.pieces import act, badge, nothing

PUBLISH, ROLL_BACK = "publish", "rollback"
_QUESTIONS = {
    PUBLISH: "Publish {version}? Knowledge and replies are encoded with it first; then it answers customers.",
    ROLL_BACK: "Roll back to {version}? It answers customers at once, with the knowledge of its time until the worker "
    "has brought that up to date.",
}


def render_bundles(bundles: Sequence[ListedBundle], runs: Mapping[str, Run], *, may: bool) -> str:
    """All bundles, newest first.

    Args:
        runs: the newest run that made or judged each bundle.
        may: whether who looks may publish.
    """
    if not bundles:
        return nothing("The desk has no bundle yet: an engineer publishes the first one.")
    rows = "".join(f'<li class="im-bundle">{_bundle(it, runs.get(it.version), may=may)}</li>' for it in bundles)
    return f'<ol class="st-list im-bundles" aria-label="Bundles">{rows}</ol>'


def render_question(kind: str, bundle: ListedBundle, run: Run | None) -> str:
    """What is asked before a bundle goes live, with all that speaks against it."""
    against = "".join(f"<li>{escape(words)}</li>" for words in _against(bundle, run))
    warned = f"<p><b>Think twice:</b></p><ul>{against}</ul>" if against else ""
    question = escape(_QUESTIONS[kind].format(version=bundle.version))
    return f'<div class="im-confirm" role="alert"><p>{question}</p>{warned}</div>'


def render_publishing(words: str, kind: str = "plain") -> str:
    """What becomes of a publication; looked at again while it goes on."""
    if not words:
        return ""
    again = ' data-every="refresh"' if kind == "plain" else ""
    return f'<div class="st-live st-{kind}" role="status"{again}><p>{escape(words)}</p></div>'


def _bundle(bundle: ListedBundle, run: Run | None, *, may: bool) -> str:
    live = badge("● live", "good") if bundle.live else ""
    judged = f"<span>Run {run.run_id}</span>{state_badge(run, alive=True)}" if run else ""
    button = ""
    if may and not bundle.live and bundle.manifest is not None:
        kind, words = (ROLL_BACK, "Roll back to this") if bundle.can_return else (PUBLISH, "Publish this")
        button = act(words, "ask", id=bundle.version, how=kind)
    flags = "".join(f"<p>{badge('! ' + flag, 'bad')}</p>" for flag in bundle.flags)
    problem = f"<p>{badge('cannot be read', 'bad')} {escape(bundle.problem)}</p>" if bundle.problem else ""
    return (
        f'<p class="st-meta"><b>{escape(bundle.version)}</b>{live}{judged}<span>{escape(_times(bundle))}</span>{button}'
        f"</p>{_lineage(bundle)}{_metrics(bundle)}{flags}{problem}"
    )


def _lineage(bundle: ListedBundle) -> str:
    made = bundle.manifest
    if made is None:
        return ""
    dataset = made.dataset or made.dataset_fingerprint[:12]
    return (
        f"<p>recipe {escape(str(made.recipe.get('name', '-')))} on {escape(made.base_model)} · "
        f"dataset {escape(dataset)} · compared with {escape(made.parent or 'none')}</p>"
    )


def _metrics(bundle: ListedBundle) -> str:
    figures = "".join(
        f"<span>{escape(name.replace('_', ' '))} <b>{value:.4f}</b></span>"
        for name, value in bundle.key_metrics.items()
    )
    return f'<p class="im-metrics">{figures}</p>' if figures else ""


def _times(bundle: ListedBundle) -> str:
    if bundle.published_utc is None:
        return "not live within memory"
    since = bundle.published_utc[:16].replace("T", " ")
    if bundle.live:
        return f"live since {since}"
    return f"live from {since} to {(bundle.replaced_utc or '')[:16].replace('T', ' ')}"


def _against(bundle: ListedBundle, run: Run | None) -> Iterator[str]:
    yield from bundle.flags
    if run is None and not bundle.can_return:
        yield "No run of the newest ones has judged this bundle."
    for gate in run.gates if run else ():
        if not gate.passed:
            yield f"{gate_title(gate.name)}: {gate.detail}"
