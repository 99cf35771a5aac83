"""Replay: the last days' real turns, answered again by both bundles with the knowledge of today.

The candidate is compared with what the live bundle says now, not with what was sent then: articles and replies have
changed since. Later messages of a conversation stay as they were, whatever the candidate would have said before them.

Three results. ``replay_risk``: the share of turns that differ in a risky way, where no person called the same
difference better or the same. ``replay_alone``: by how many points the share of conversations falls that the bot
answers alone: no turn of theirs is handed off, and their last one is answered. What customers would have asked after
a hand-off that the candidate avoids is not known, so that share is an upper estimate; it is one for both.
``replay_verdicts``: differences that a person called worse.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.improvement import Difference, DifferenceVerdict, GateResult, Said
from bot.live import Models
from bot.reviews import Review, Verdict
from bot.state import as_one_turn
from bot.storage.answered import Place
from bot.storage.records import AnsweredTurn
from bot.values import Action
from finetune.gates.changes import Change, paired_interval, wilson
from finetune.gates.differences import Word, kind_of, risk_of
from finetune.gates.trial import Trial, nothing_live, source_id, source_ids

Row = TypeVar("Row", Review, Difference)


@dataclass
class _Replayed:
    """What was found so far.

    Attributes:
        actions: conversation -> what the live bundle and the candidate do with each of its turns, in order.
    """

    turns: int = 0
    differences: list[Difference] = field(default_factory=list)
    actions: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


def replay_gate(trial: Trial) -> Iterator[GateResult]:
    """Answer the last days' turns again, keep the differences for people, and hold them against the thresholds."""
    asked = trial.thresholds
    if asked.replay_limit == 0:
        yield GateResult("replay_risk", True, None, None, "no turn was answered again: replay_limit is 0")
        return
    since = trial.clock() - timedelta(days=asked.replay_days)
    found = _replay(trial, trial.store.answered.newest(since, asked.replay_limit), since)
    trial.store.replays.replace(trial.run_id, found.differences)
    if found.turns < asked.replay_least_turns or not found.turns:
        yield _too_few(trial, found.turns)
        return
    if trial.live is None:
        yield nothing_live("replay_risk", {"turns": float(found.turns)})
    else:
        yield _risk(trial, found)
        yield _verdicts(found)
    yield _alone(trial, found)


def _replay(trial: Trial, places: list[Place], since: datetime) -> _Replayed:
    found = _Replayed()
    reviews = _by_place(trial.store.reviews.since(since) if places else ())
    judged = _by_place(trial.store.replays.judged() if places else ())
    for turn in trial.store.answered.turns(places):
        place = turn.conversation_id, turn.said.sequence
        after = said_to(trial, turn, trial.candidate)
        before = said_to(trial, turn, trial.live) if trial.live else after
        found.turns += 1
        found.actions[turn.conversation_id].append((before.action, after.action))
        kind = kind_of(before, after)
        if kind is not None:
            risk = risk_of(before, after, word_of(turn, reviews[place]))
            found.differences.append(_judged(Difference(*place, kind, risk, before, after), judged[place]))
        trial.say(found.turns, len(places))
    return found


def said_to(trial: Trial, turn: AnsweredTurn, models: Models) -> Said:
    """What a bundle says to a turn of the log."""
    evidence, reply = trial.consider(as_one_turn(turn.messages, turn.burst), models, turn.locale)
    ranking, decision = evidence.understanding.ranking, reply.decision
    confidence = decision.confidence if math.isfinite(decision.confidence) else 0.0
    intent = ranking[0].intent if ranking else None
    return Said(decision.action.value, str(decision.reason), intent, confidence, reply.text, source_ids(reply))


def word_of(turn: AnsweredTurn, reviews: Sequence[Review]) -> Word:
    """What people said of the logged reply; reviewers of two minds approve nothing."""
    verdicts = {review.opinion.verdict for review in reviews}
    approved = verdicts == {Verdict.APPROVED}
    thumb = turn.said.feedback.helpful if turn.said.feedback else None
    opinions = [review.opinion for review in reviews]
    wanted = {opinion.reply_id for opinion in opinions} | {it.passage.passage_id for it in opinions if it.passage}
    intents = {review.right_intent for review in reviews if review.right_intent}
    return Word(
        told=tuple(map(source_id, turn.said.sources)),
        approved=approved,
        liked=bool(thumb),
        wrong=not approved and (bool(verdicts) or thumb is False),
        wanted=frozenset(name for name in wanted if name),
        intent=intents.pop() if len(intents) == 1 else None,
    )


def _judged(found: Difference, earlier: Sequence[Difference]) -> Difference:
    """The difference with the latest verdict that a person gave on the same one in an earlier run."""
    same = [it for it in earlier if _shown(it) == _shown(found)]
    return replace(found, verdict=same[-1].verdict, reviewer=same[-1].reviewer) if same else found


def _shown(difference: Difference) -> tuple[object, ...]:
    """What a person compares."""
    return tuple((said.action, said.text, said.sources) for said in (difference.before, difference.after))


def _too_few(trial: Trial, turns: int) -> GateResult:
    least, days = trial.thresholds.replay_least_turns, trial.thresholds.replay_days
    if turns >= least:
        return GateResult("replay_risk", True, None, None, f"no turn in {days} days; replay_least_turns asks for none")
    remedy = "wait for customers, raise replay_days, or lower replay_least_turns"
    return GateResult("replay_risk", False, float(turns), float(least), f"{turns} turns in {days} days: {remedy}")


def _risk(trial: Trial, found: _Replayed) -> GateResult:
    asked = trial.thresholds
    settled = (DifferenceVerdict.BETTER, DifferenceVerdict.SAME)
    risky = sum(it.risk >= asked.replay_risk and it.verdict not in settled for it in found.differences)
    low, high = wilson(risky, found.turns)
    share = risky / found.turns
    figures = {"turns": found.turns, "differences": len(found.differences), "risky": risky, "low": low, "high": high}
    figures |= Counter(it.kind.value for it in found.differences)
    passed = share <= asked.replay_risky_share
    detail = f"{len(found.differences)} of {found.turns} turns differ, {risky} in a risky way ({low:.1%} to {high:.1%})"
    if not passed:
        detail += "; look at them under Improve: what you call better or the same counts no more in the next run"
    return GateResult("replay_risk", passed, share, asked.replay_risky_share, detail, _floats(figures))


def _verdicts(found: _Replayed) -> GateResult:
    worse = sum(it.verdict is DifferenceVerdict.WORSE for it in found.differences)
    detail = f"{worse} differences that people called worse"
    return GateResult("replay_verdicts", not worse, float(worse), 0.0, detail)


def _alone(trial: Trial, found: _Replayed) -> GateResult:
    alone = [
        (_is_alone(one[0] for one in turns), _is_alone(one[1] for one in turns)) for turns in found.actions.values()
    ]
    live, ours = (sum(pair[side] for pair in alone) for side in (0, 1))
    low, high = wilson(ours, len(alone))
    predicted = f"{ours / len(alone):.1%} ({low:.1%} to {high:.1%}) of {len(alone)} conversations by the bot alone"
    figures = {
        "conversations": len(alone),
        "candidate": ours / len(alone),
        "candidate_low": low,
        "candidate_high": high,
    }
    if trial.live is None:
        return nothing_live("replay_alone", _floats(figures), predicted)
    change = Change(len(alone), sum(a and not b for a, b in alone), sum(b and not a for a, b in alone))
    live_low, live_high = wilson(live, len(alone))
    gap_low, gap_high = paired_interval(change)
    figures |= {"live": live / len(alone), "live_low": live_low, "live_high": live_high}
    figures |= {"difference": -change.points_lost / 100, "difference_low": gap_low, "difference_high": gap_high}
    allowed = trial.thresholds.replay_points_lost
    passed = not change.weighs(allowed, trial.thresholds.significance)
    gap = f"{0 - change.points_lost:+.1f} points ({100 * gap_low:+.1f} to {100 * gap_high:+.1f})"
    detail = f"{predicted}, live {live / len(alone):.1%}: {gap}"
    if not passed:
        detail += "; see which answers are lost under Improve"
    return GateResult("replay_alone", passed, change.points_lost, allowed, detail, _floats(figures))


def _is_alone(actions: Iterable[str]) -> bool:
    """Whether no turn of a conversation is handed off, and its last one is answered."""
    listed = list(actions)
    return Action.HANDOFF not in listed and listed[-1] == Action.ANSWER


def _floats(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}


def _by_place(rows: Iterable[Row]) -> defaultdict[Place, list[Row]]:
    found: defaultdict[Place, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.conversation_id, row.sequence].append(row)
    return found
