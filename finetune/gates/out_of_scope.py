"""Messages that are none of the desk's business: they must still stand apart from real questions, and get no answer.

Two numbers. ``out_of_scope``: points of AUROC lost, the chance that such a message scores above a golden row.
``out_of_scope_answers``: points more of them that get an answer.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.improvement import GateResult
from bot.languages import foreign_reason
from bot.live import Models
from bot.turn_text import turn_text
from bot.values import Action
from finetune.evaluate import auroc
from finetune.gates.changes import Change
from finetune.gates.trial import Trial, nothing_live

_RESAMPLES = 500
_SEED = 13
_FOREIGN = 1.0
"""Score of a message in a language that the bundle does not know: it is never answered as if it were understood."""

Scores = NDArray[np.float64]


def out_of_scope_gate(trial: Trial) -> Iterator[GateResult]:
    """Score and answer the pack with both bundles."""
    if not trial.out_of_scope:
        yield GateResult("out_of_scope", False, 0.0, 1.0, "the pack is empty: install Frontdesk again, or give it rows")
        return
    yield _area(trial)
    yield _answered(trial)


def _area(trial: Trial) -> GateResult:
    inside = [turn_text([*row.context, row.text]) for row in trial.golden if row.intent]
    if not inside:
        passed = trial.thresholds.golden_least_rows == 0
        remedy = "no golden row to tell these messages from; review turns or write training/golden.csv"
        return GateResult("out_of_scope", passed, None, None, remedy)
    ours = _scores(inside, trial.candidate), _scores(trial.out_of_scope, trial.candidate)
    if trial.live is None:
        if ours[0] is None or ours[1] is None:
            return nothing_live("out_of_scope", detail="the candidate has no out-of-scope score")
        return nothing_live("out_of_scope", {"auroc_candidate": auroc(ours[0], ours[1])})
    theirs = _scores(inside, trial.live), _scores(trial.out_of_scope, trial.live)
    if theirs[0] is None or theirs[1] is None:
        return GateResult("out_of_scope", True, None, None, "the live bundle has no out-of-scope score to compare with")
    if ours[0] is None or ours[1] is None:
        detail = "the candidate has no out-of-scope score and the live bundle has one: train it with labelled rows"
        return GateResult("out_of_scope", False, None, None, detail)
    return _compared(trial, (theirs[0], theirs[1]), (ours[0], ours[1]))


def _compared(trial: Trial, theirs: tuple[Scores, Scores], ours: tuple[Scores, Scores]) -> GateResult:
    live, candidate = auroc(*theirs), auroc(*ours)
    lost, allowed = 100 * (live - candidate), trial.thresholds.out_of_scope_points_lost
    low, high = _interval(theirs, ours)
    figures = {"auroc_live": live, "auroc_candidate": candidate, "difference_low": low, "difference_high": high}
    figures |= {"inside": float(len(ours[0])), "outside": float(len(ours[1]))}
    detail = f"AUROC {candidate:.3f}, live {live:.3f} ({low:+.3f} to {high:+.3f}) on {len(ours[1])} messages"
    if lost > allowed:
        detail += "; add such messages to training/out_of_scope.csv"
    return GateResult("out_of_scope", lost <= allowed, lost, allowed, detail, figures)


def _interval(theirs: tuple[Scores, Scores], ours: tuple[Scores, Scores]) -> tuple[float, float]:
    """95 % bootstrap interval of the candidate's AUROC minus the live one's: the same rows are drawn for both."""
    random = np.random.default_rng(_SEED)
    gaps = []
    for _ in range(_RESAMPLES):
        inside, outside = (random.integers(0, len(side), len(side)) for side in ours)
        gaps.append(auroc(ours[0][inside], ours[1][outside]) - auroc(theirs[0][inside], theirs[1][outside]))
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)


def _scores(texts: Sequence[str], models: Models) -> Scores | None:
    """Out-of-scope scores (0..1) of texts; None where the bundle gives none."""
    encoder = models.encoder
    foreign = [foreign_reason(text, models.languages, encoder.unknown_token_share(text)) is not None for text in texts]
    found = [seen.out_of_scope for seen in encoder.understand(list(texts))]
    if any(score is None for score in found):
        return None
    return np.where(foreign, _FOREIGN, np.array(found, dtype=np.float64))


def _answered(trial: Trial) -> GateResult:
    answered: list[tuple[bool, bool]] = []
    for text in trial.out_of_scope:
        ours = _answers(trial, text, trial.candidate)
        answered.append((_answers(trial, text, trial.live) if trial.live else ours, ours))
        trial.say(len(answered), len(trial.out_of_scope))
    rows = len(answered)
    live, candidate = (sum(pair[side] for pair in answered) / rows for side in (0, 1))
    if trial.live is None:
        return nothing_live("out_of_scope_answers", {"answered_candidate": candidate})
    # An answer is the loss here.
    change = Change(rows, sum(b and not a for a, b in answered), sum(a and not b for a, b in answered))
    allowed = trial.thresholds.out_of_scope_points_more
    passed = not change.weighs(allowed, trial.thresholds.significance)
    figures = {"answered_live": live, "answered_candidate": candidate, "rows": float(rows)}
    detail = f"{candidate:.1%} of {rows} messages are answered, live {live:.1%}"
    if not passed:
        detail += "; add such messages to training/out_of_scope.csv"
    return GateResult("out_of_scope_answers", passed, change.points_lost, allowed, detail, figures)


def _answers(trial: Trial, text: str, models: Models) -> bool:
    return trial.ask(text, models)[1].decision.action is Action.ANSWER
