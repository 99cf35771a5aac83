"""What a new bundle must prove before it goes live, a gate a file. Reads bundles and the log; publishes nothing.

Each gate compares the candidate with the live bundle on the same rows. What cannot be measured holds the candidate
back, unless the settings say that it may be missing; the first bundle of a desk has nothing to be compared with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.errors import ModelError
from bot.improvement import GateResult
from finetune.gates.golden import golden_gate
from finetune.gates.injections import injection_gate
from finetune.gates.latency import latency_gate
from finetune.gates.memory import memory_gate
from finetune.gates.out_of_scope import out_of_scope_gate
from finetune.gates.packs import held_back, injection_pack, out_of_scope_pack
from finetune.gates.replay import replay_gate
from finetune.gates.split import GoldenSet, golden_split
from finetune.gates.trial import GoldenRow, Trial
from retrieval.errors import RetrievalError

__all__ = (
    "GATES",
    "Gate",
    "GoldenRow",
    "GoldenSet",
    "Trial",
    "golden_split",
    "held_back",
    "injection_pack",
    "out_of_scope_pack",
    "run_gates",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes:
        name: of its result where it could not be run at all.
        run: gives one result for each number that it holds against a threshold.
    """

    name: str
    run: Callable[[Trial], Iterator[GateResult]]


GATES = (
    Gate("golden_set", golden_gate),
    Gate("replay_risk", replay_gate),
    Gate("out_of_scope", out_of_scope_gate),
    Gate("injections", injection_gate),
    Gate("latency", latency_gate),
    Gate("memory", memory_gate),
)


def run_gates(trial: Trial) -> Iterator[GateResult]:
    """Run all gates in order, also behind one that failed: whoever mends the data wants to see all of it.

    Models that fail in a gate fail it.

    Raises:
        StorageError: the log cannot be read.
    """
    for gate in GATES:
        try:
            yield from gate.run(trial)
        except (ModelError, RetrievalError) as error:
            yield GateResult(gate.name, False, None, None, str(error))
