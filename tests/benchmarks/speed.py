"""Times and memory of training, encoding, turns, serving and the demo. Knows no quality."""

import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.bundle import load_bundle
from bot.encoder import Encoder
from bot.storage.records import LoggedMessage
from bot.values import Message, Role
from tests.benchmarks import data
from tests.benchmarks.baselines import open_frozen
from tests.benchmarks.bundles import forget, train_bundle
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.served_desk import Visitor, serve
from tests.benchmarks.shop_desk import SHOP, OpenDesk, copy_tree, open_desk, prepare_demo
from tests.benchmarks.shop_judge import TestTurn, read_conversations
from tests.benchmarks.timing import percentile, taking_turns
from tests.benchmarks.workplace import Workplace

Metrics = dict[str, float]

LENGTHS = (16, 64, 128)
"""Tokens of the one message that is encoded, special tokens included."""

_STARTS, _ROUNDS = 5, 5
_WORDS = ("where", "is", "my", "order", "and", "when", "will", "it", "be", "here", "please", "help", "me", "with")


def measure_encoder(place: Workplace) -> Metrics:
    """One message through the bundle's encoder and through eager torch, tokenizer included, in turns."""
    files = data.banking77(place)
    trained = train_bundle(place, "banking77-fast", "fast", {"intents": files.train, "dev-intents": files.dev})
    bundle = load_bundle(trained.directory)
    small = Encoder.open(bundle, providers=place.providers, variant=None if place.gpu else "int8")
    exact = Encoder.open(bundle, providers=place.providers, variant="fp32")
    torch_model = open_frozen().to("cuda" if place.gpu else "cpu")
    metrics: Metrics = {}
    for length in LENGTHS:
        texts = [text_of_tokens(torch_model.tokenizer, length)]
        runs: dict[str, Callable[[], object]] = {
            "torch": partial(torch_model.encode, texts, show_progress_bar=False),
            small.variant: partial(small.encode, texts),
            "fp32": partial(exact.encode, texts),
        }
        found = taking_turns(runs, rounds=2 if place.smoke else 15)
        ending = "" if length == LENGTHS[0] else f"_{length}"
        metrics[f"encoder_speedup_vs_torch{ending}"] = found["torch"] / found[small.variant]
        metrics[f"encoder_fp32_speedup_vs_torch{ending}"] = found["torch"] / found["fp32"]
        metrics |= {f"encoder_{name}_ms_{length}": value for name, value in found.items()}
    return metrics


def measure_turn(place: Workplace) -> Metrics:
    """The whole turn on the demo desk without storage, over the test part's turns in their conversations."""
    conversations = read_conversations(SHOP / "test_conversations.jsonl")
    with open_desk(place, prepare_demo(place)) as desk:
        times: list[float] = []
        for number in range(2 if place.smoke else _ROUNDS + 1):
            found = [spent for _, turns in conversations for spent in _turn_times(desk, turns)]
            times += found if number else []  # the first round warms up
    return {
        "turn_ms_p50": percentile(times, 0.5),
        "turn_ms_p99": percentile(times, 0.99),
        "turn_ms_mean": statistics.mean(times),
        "turn_count": len(times),
    }


def measure_serving(place: Workplace) -> Metrics:
    """Start, memory and a turn over HTTP of a real server of the demo desk."""
    tree = prepare_demo(place)
    texts = [turn.text for _, turns in read_conversations(SHOP / "test_conversations.jsonl") for turn in turns[:1]]
    runs: list[Metrics] = []
    for _ in range(1 if place.smoke else _STARTS):
        with serve(tree.directory, tree.desk) as server:
            opened = server.memory_mb()
            http_ms = _http_turns(server.url, texts[:20])
            runs.append(
                {
                    "serving_ready_s": server.ready_s,
                    "serving_rss_page_mb": opened,
                    "serving_rss_mb": server.memory_mb(),
                    "serving_peak_mb": server.memory_mb("VmHWM"),
                    "serving_http_turn_ms": statistics.median(http_ms),
                }
            )
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def measure_demo(place: Workplace) -> Metrics:
    """`scripts/demo --prepare-only` with the packages installed: the first start, then the second."""
    first = prepare_demo(place, anew=True).seconds
    return {"demo_first_start_s": first, "demo_second_start_s": prepare_demo(place).seconds}


def measure_training(place: Workplace) -> Metrics:
    """`frontdesk train` on BANKING77, start to sealed bundle; taken from `quality` where it ran there alone."""
    files = data.banking77(place)
    metrics: Metrics = {}
    for recipe in ("fast", "full"):
        given = {"intents": files.train, "out-of-scope": None, "dev-intents": files.dev}
        trained = train_bundle(place, f"banking77-{recipe}", recipe, given)
        if not trained.training.alone and not place.smoke:
            place.say("that training shared the machine or was resumed; training again for its time")
            forget(trained)
            trained = train_bundle(place, f"banking77-{recipe}", recipe, given)
        metrics[f"banking77_{recipe}_s"] = trained.training.seconds
        metrics[f"banking77_{recipe}_others_share"] = trained.training.others
    return metrics


def measure_install(place: Workplace) -> Metrics:
    """`scripts/setup train` in a fresh copy of the tree: downloads included, pip's cache as it is."""
    tree = copy_tree(place.folder("install-tree"))
    started = time.monotonic()
    done = subprocess.run(["scripts/setup", "train"], cwd=tree, check=False)
    if done.returncode:
        raise BenchmarkError(f"scripts/setup failed with exit status {done.returncode}; see its message above")
    return {"install_s": time.monotonic() - started}


def text_of_tokens(tokenizer: Any, length: int) -> str:
    """Everyday words that make exactly this number of tokens, special ones included.

    Raises:
        BenchmarkError: the tokenizer cuts these words into pieces.
    """
    text = " ".join(_WORDS[number % len(_WORDS)] for number in range(length - 2))
    found = len(tokenizer(text)["input_ids"])
    if found != length:
        raise BenchmarkError(f"the text for {length} tokens has {found}; choose other words")
    return text


def _turn_times(desk: OpenDesk, turns: list[TestTurn]) -> list[float]:
    """Milliseconds of each turn, with the turns before it as context."""
    messages: list[LoggedMessage] = []
    times = []
    for turn in turns:
        messages.append(_logged(len(messages) + 1, Role.CUSTOMER, turn.text))
        started = time.perf_counter()
        _, reply = desk.assistant.consider(messages, desk.models, "en", started)
        times.append((time.perf_counter() - started) * 1000)
        messages.append(_logged(len(messages) + 1, Role.BOT, reply.text))
    return times


def _logged(sequence: int, role: Role, text: str) -> LoggedMessage:
    return LoggedMessage(sequence, Message(role, text, datetime.now(UTC)))


def _http_turns(url: str, texts: list[str]) -> list[float]:
    times = []
    for text in texts:
        visitor = Visitor(url)  # one each: a conversation ends when the bot hands off
        started = time.perf_counter()
        visitor.say(text)
        times.append((time.perf_counter() - started) * 1000)
        visitor.close()
    return times
