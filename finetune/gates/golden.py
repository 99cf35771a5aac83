"""The golden set: turns whose right reading or answer people know, and that never train.

Three numbers. ``golden_set``: is the candidate worse over all rows (exact one-sided McNemar)? ``golden_intents``: does
one intent lose more points than allowed? With few rows in an intent one row is many points, so a loss counts only
where it is no accident: by the test of all intents together, where three rows at least and half of the intent are lost
net, or all of its rows, two at least (see `finetune.gates.changes`). ``golden_answers``: the same as the first for
whole answers, on the rows of which people named the right reply or passage.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from bot.improvement import GateResult
from bot.languages import foreign_reason
from bot.live import Models
from bot.policy import action_without_knowledge
from bot.state import as_one_turn
from bot.storage.records import AnsweredTurn
from bot.turn_text import turn_text
from bot.values import Action, Understanding
from finetune.gates.changes import Change, adjusted_p
from finetune.gates.trial import GoldenRow, Trial, nothing_live, source_ids
from finetune.paired import Flags, mcnemar

_WORST_NAMED = 3


def golden_gate(trial: Trial) -> Iterator[GateResult]:
    """Hold the candidate against the live bundle on the golden rows."""
    rows = [row for row in trial.golden if row.intent]
    if trial.live is None:
        right = intents_right(rows, trial.candidate)
        share = {"accuracy_candidate": float(right.mean())} if rows else {}
        yield nothing_live("golden_set", {"rows": float(len(rows)), **share})
        return
    if len(rows) < trial.thresholds.golden_least_rows or not rows:
        yield _too_few(len(rows), trial.thresholds.golden_least_rows)
    else:
        before, after = intents_right(rows, trial.live), intents_right(rows, trial.candidate)
        yield _overall(trial, rows, before, after)
        yield _by_intent(trial, rows, before, after)
    yield from _answers(trial)


def intents_right(rows: Sequence[GoldenRow], models: Models) -> Flags:
    """Whether a bundle reads the right intent from each row, as serving does.

    A message is read alone, and with what came before it where that does not settle the turn.
    """
    forms = [(row.text, turn_text([*row.context, row.text])) for row in rows]
    understood = _understood(rows, forms, models)
    found = (
        understood[alone]
        if action_without_knowledge(understood[alone], models.rules) is Action.ANSWER
        else understood[whole]
        for alone, whole in forms
    )
    likeliest = [seen.ranking[0].intent if seen.ranking else None for seen in found]
    return np.array([guess == row.intent for guess, row in zip(likeliest, rows, strict=True)], dtype=np.bool_)


def _understood(
    rows: Sequence[GoldenRow], forms: Sequence[tuple[str, str]], models: Models
) -> dict[str, Understanding]:
    """What a bundle makes of each form of the rows; nothing, in a language that it does not know."""
    encoder, read = models.encoder, dict[str, Understanding]()
    for row, pair in zip(rows, forms, strict=True):
        reason = foreign_reason(row.text, models.languages, encoder.unknown_token_share(row.text))
        if reason is not None:
            read |= dict.fromkeys(pair, Understanding((), None, None, None, reason))
    texts = [text for text in dict.fromkeys(text for pair in forms for text in pair) if text not in read]
    return read | dict(zip(texts, encoder.understand(texts), strict=True))


def _too_few(rows: int, least: int) -> GateResult:
    if rows >= least:  # none, and none asked for
        return GateResult(
            "golden_set", True, None, None, "no golden row to compare on; golden_least_rows asks for none"
        )
    remedy = "review more turns, keep some in the golden set, or write training/golden.csv (or lower golden_least_rows)"
    return GateResult("golden_set", False, float(rows), float(least), f"{rows} golden rows of {least} needed: {remedy}")


def _overall(trial: Trial, rows: Sequence[GoldenRow], before: Flags, after: Flags) -> GateResult:
    found, significance = mcnemar(before, after), trial.thresholds.significance
    passed = found.p_worse >= significance
    figures = {"rows": float(len(rows)), "lost": float(found.lost), "won": float(found.won)}
    figures |= _shares("", before, after) | _over_time(trial, rows, before, after)
    detail = (
        f"{after.mean():.1%} of {len(rows)} intents right, live {before.mean():.1%}; "
        f"{found.lost} lost, {found.won} won, p = {found.p_worse:.3f}"
    )
    if not passed:
        detail += ": worse by more than chance; look at the intents that lost, and at the reviews behind them"
    return GateResult("golden_set", passed, found.p_worse, significance, detail, figures)


def _over_time(trial: Trial, rows: Sequence[GoldenRow], before: Flags, after: Flags) -> dict[str, float]:
    """Shares of the rows up to the last run, those of the file among them, and of the rows since then."""
    if trial.since_utc is None:
        return {}
    since = np.array([row.at_utc is not None and row.at_utc > trial.since_utc for row in rows], dtype=np.bool_)
    figures = {"rows_since_last_run": float(since.sum())}
    for name, part in (("_before_last_run", ~since), ("_since_last_run", since)):
        if part.any():
            figures |= _shares(name, before[part], after[part])
    return figures


def _shares(name: str, before: Flags, after: Flags) -> dict[str, float]:
    return {f"accuracy_live{name}": float(before.mean()), f"accuracy_candidate{name}": float(after.mean())}


def _by_intent(trial: Trial, rows: Sequence[GoldenRow], before: Flags, after: Flags) -> GateResult:
    allowed, significance = trial.thresholds.golden_points_lost, trial.thresholds.significance
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[str(row.intent)].append(place)
    changes = {intent: _change(before[here], after[here]) for intent, here in sorted(places.items())}
    p = adjusted_p(changes)
    too_much = {name: it for name, it in changes.items() if it.weighs(allowed, significance, p[name])}
    unsure = [name for name, it in changes.items() if it.points_lost > allowed and name not in too_much]
    figures: dict[str, float] = {}
    for intent, here in places.items():
        shares = {"live": float(before[here].mean()), "candidate": float(after[here].mean()), "rows": float(len(here))}
        figures |= {f"{intent}.{name}": value for name, value in shares.items()}
    worst = max((change.points_lost for change in too_much.values()), default=0.0)
    return GateResult("golden_intents", not too_much, worst, allowed, _told(too_much, unsure, allowed), figures)


def _told(too_much: dict[str, Change], unsure: Sequence[str], allowed: float) -> str:
    if too_much:
        ordered = sorted(too_much, key=lambda name: -too_much[name].points_lost)
        named = ", ".join(f"{name} {too_much[name].points_lost:.0f}" for name in ordered[:_WORST_NAMED])
        more = f" and {len(ordered) - _WORST_NAMED} more" if len(ordered) > _WORST_NAMED else ""
        return f"points lost by intent: {named}{more}; look for wrong labels of these (`frontdesk labels audit`)"
    chance = f" ({len(unsure)} lost more on so few rows that chance explains it)" if unsure else ""
    return f"no intent lost more than {allowed:g} points{chance}"


def _change(before: Flags, after: Flags) -> Change:
    return Change(len(before), int((before & ~after).sum()), int((~before & after).sum()))


def _answers(trial: Trial) -> Iterator[GateResult]:
    """Whole answers; rows whose reply or passage one of the two bundles does not have cannot tell them apart."""
    if trial.live is None:
        return
    known = _sources_of(trial.live) & _sources_of(trial.candidate)
    named = {
        (row.conversation_id, row.sequence): row
        for row in trial.golden
        if row.conversation_id and row.sequence and known & {row.reply_id, row.passage_id}
    }
    right: list[tuple[bool, bool]] = []
    for turn in trial.store.answered.turns(list(named)):
        wanted = named[turn.conversation_id, turn.said.sequence]
        right.append((answers(trial, turn, wanted, trial.live), answers(trial, turn, wanted, trial.candidate)))
        trial.say(len(right), len(named))
    if not right:
        return
    flags = np.array(right, dtype=np.bool_)
    found, significance = mcnemar(flags[:, 0], flags[:, 1]), trial.thresholds.significance
    figures = {"rows": float(len(flags)), "lost": float(found.lost), "won": float(found.won)}
    figures |= {"right_live": float(flags[:, 0].mean()), "right_candidate": float(flags[:, 1].mean())}
    detail = (
        f"{figures['right_candidate']:.1%} of {len(flags)} answers are the ones that reviewers named, "
        f"live {figures['right_live']:.1%}; {found.lost} lost, {found.won} won, p = {found.p_worse:.3f}"
    )
    yield GateResult("golden_answers", found.p_worse >= significance, found.p_worse, significance, detail, figures)


def answers(trial: Trial, turn: AnsweredTurn, wanted: GoldenRow, models: Models) -> bool:
    """Whether a bundle gives the answer that people named."""
    _, reply = trial.consider(as_one_turn(turn.messages, turn.burst), models, turn.locale)
    is_answer = reply.decision.action is Action.ANSWER
    return is_answer and bool({wanted.reply_id, wanted.passage_id} & set(source_ids(reply)))


def _sources_of(models: Models) -> set[str]:
    """Ids of all replies and passages that a bundle can answer with."""
    replies = models.replies.replies if models.replies else ()
    passages = models.retriever.passages if models.retriever else ()
    return {reply.reply_id for reply in replies} | {passage.passage_id for passage in passages}
