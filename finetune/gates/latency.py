"""How long a turn takes: both bundles read the same texts, text by text in turns, so that a busy machine slows both."""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.improvement import GateResult
from finetune.gates.trial import Trial, nothing_live

ROUNDS = 5
TEXTS = 100
_WARM_UP = 5
_SHARE = 0.95

Turn = Callable[[str], object]


def latency_gate(trial: Trial) -> Iterator[GateResult]:
    """Time whole turns, from text to reply, of both bundles."""
    texts = _texts(trial)
    candidate, live = trial.candidate, trial.live
    if not texts:
        yield GateResult("latency", False, None, trial.thresholds.latency_ratio, "there is no text to time a turn with")
        return
    turns: list[Turn] = [lambda text: trial.ask(text, candidate)]
    if live is not None:
        turns.append(lambda text: trial.ask(text, live))
    percentiles = np.quantile(timed_ms(turns, texts, ROUNDS, trial.say), _SHARE, axis=1)
    ours = float(np.median(percentiles[:, 0]))
    if live is None:
        yield nothing_live("latency", {"p95_candidate_ms": ours})
        return
    yield judged(percentiles[:, 0], percentiles[:, 1], trial, len(texts))


def judged(ours: NDArray[np.float64], theirs: NDArray[np.float64], trial: Trial, texts: int) -> GateResult:
    """Hold the median ratio of the rounds against the threshold.

    Args:
        ours: 95th percentile (ms) of the candidate's turns in each round, shape (rounds,).
        theirs: the live bundle's in the same rounds.
        trial: gives the thresholds.
        texts: how many were timed in a round.
    """
    asked = trial.thresholds
    candidate, live, ratio = float(np.median(ours)), float(np.median(theirs)), float(np.median(ours / theirs))
    passed = ratio <= asked.latency_ratio or candidate <= asked.latency_enough_ms
    detail = f"95 % of turns take the candidate up to {candidate:.1f} ms, live {live:.1f} ms ({texts} texts)"
    if not passed:
        detail += "; train a smaller base model, or allow more with latency_ratio"
    figures = {"p95_candidate_ms": candidate, "p95_live_ms": live}
    return GateResult("latency", passed, ratio, asked.latency_ratio, detail, figures)


def timed_ms(
    turns: Sequence[Turn], texts: Sequence[str], rounds: int, say: Callable[[int, int], None]
) -> NDArray[np.float64]:
    """Milliseconds of each turn, shape (rounds, texts, turns); who goes first changes with each text."""
    for text in texts[:_WARM_UP]:
        for turn in turns:
            turn(text)
    taken = np.zeros((rounds, len(texts), len(turns)))
    for at in range(rounds):
        for place, text in enumerate(texts):
            for step in range(len(turns)):
                which = (step + place + at) % len(turns)
                began = time.perf_counter()
                turns[which](text)
                taken[at, place, which] = (time.perf_counter() - began) * 1000
        say(at + 1, rounds)
    return taken


def _texts(trial: Trial) -> list[str]:
    """Golden rows, evenly spread, then the packs': what customers write comes first."""
    golden = [row.text for row in trial.golden]
    spread = golden[:: max(1, len(golden) // TEXTS)]
    return [*spread, *trial.out_of_scope, *trial.injections][:TEXTS]
