"""`scripts/bench`: runs the parts of a benchmark, keeps each part's figures at once, and makes the page."""

import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bot.errors import BotError
from finetune.errors import FinetuneError
from retrieval.errors import RetrievalError
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.page import write_page
from tests.benchmarks.results import details, merge_part
from tests.benchmarks.workplace import Workplace, open_workplace

Measure = Callable[[Workplace], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a benchmark.

    Attributes:
        measure: gives its metrics.
        owns: prefixes of their names; a new run replaces all metrics that begin so.
        by_default: whether it runs unless it is named.
    """

    measure: Measure
    owns: tuple[str, ...]
    by_default: bool = True


def quality() -> dict[str, Part]:
    """Parts of `quality` in the order in which they run."""
    from tests.benchmarks import quality, quality_knowledge

    return {
        "banking77_fast": Part(quality.measure_banking77_fast, ("banking77_fast",)),
        "clinc150": Part(quality.measure_clinc150, ("clinc150",)),
        "banking77_oos": Part(quality.measure_banking77_oos, ("banking77_oos",)),
        "banking77_full": Part(quality.measure_banking77_full, ("banking77_full",)),
        "stackfaq": Part(quality_knowledge.measure_stackfaq, ("stackfaq",)),
        "airlines": Part(quality.measure_airlines, ("airlines",)),
    }


def shop() -> dict[str, Part]:
    """The one part of `shop`."""
    from tests.benchmarks import shop

    return {"shop": Part(shop.measure_shop, ("shop",))}


def speed() -> dict[str, Part]:
    """Parts of `speed`; installing is measured only when it is asked for."""
    from tests.benchmarks import speed

    return {
        "encoder": Part(speed.measure_encoder, ("encoder",)),
        "demo": Part(speed.measure_demo, ("demo",)),
        "turn": Part(speed.measure_turn, ("turn",)),
        "serving": Part(speed.measure_serving, ("serving",)),
        "training": Part(speed.measure_training, ("banking77",)),
        "install": Part(speed.measure_install, ("install",), by_default=False),
    }


def search() -> dict[str, Part]:
    """Parts of `search`: the same messages in each database."""
    from tests.benchmarks import search

    return {
        "sqlite": Part(search.measure_sqlite, ("sqlite_search",)),
        "postgresql": Part(search.measure_postgresql, ("postgresql_search",)),
    }


def delivery() -> dict[str, Part]:
    """Parts of `delivery`; two need FRONTDESK_TEST_POSTGRESQL."""
    from tests.benchmarks import delivery

    return {
        "sqlite": Part(delivery.measure_sqlite, ("sqlite",)),
        "postgresql": Part(delivery.measure_postgresql, ("postgresql",)),
        "drain": Part(delivery.measure_drain, ("drain",)),
        "restart": Part(delivery.measure_restart, ("restart",)),
        "disk": Part(delivery.measure_disk, ("disk_full",)),
        "sync": Part(delivery.measure_sync, ("sync",)),
    }


def load() -> dict[str, Part]:
    """Parts of `load`."""
    from tests.benchmarks import load

    return {
        "api": Part(load.measure_api, ("api", "reply_p95_ms", "errors")),
        "gradio": Part(load.measure_gradio, ("gradio",)),
        "breaking": Part(load.measure_breaking, ("breaking",)),
        "flood": Part(load.measure_flood, ("flood",)),
    }


def loop() -> dict[str, Part]:
    """Parts of `loop`: from reviewed transcripts to a better bot."""
    from tests.benchmarks import (
        loop_airlines,
        loop_alerts,
        loop_erase,
        loop_kills,
        loop_label_audit,
        loop_redaction,
        loop_sentiment,
        loop_swap,
        loop_tenk,
    )

    return {
        "alerts": Part(loop_alerts.measure, ("alerts",)),
        "airlines": Part(loop_airlines.measure, ("airlines",)),
        "redaction": Part(loop_redaction.measure, ("redaction",)),
        "tenk": Part(loop_tenk.measure, ("improve_10k",)),
        "erase": Part(loop_erase.measure, ("erase",)),
        "sentiment": Part(loop_sentiment.measure, ("sentiment",)),
        "label_audit": Part(loop_label_audit.measure, ("label_audit",)),
        "kills": Part(loop_kills.measure, ("training_kills",)),
        "swap": Part(loop_swap.measure, ("hot_swap", "rollback_s")),
    }


BENCHMARKS: Mapping[str, Callable[[], dict[str, Part]]] = {
    "quality": quality,
    "shop": shop,
    "speed": speed,
    "search": search,
    "delivery": delivery,
    "load": load,
    "loop": loop,
}


@click.command()
@click.argument("name", type=click.Choice([*BENCHMARKS, "page"]))
@click.option("--only", multiple=True, metavar="PART", help="Measure this part only; may be given several times.")
@click.option("--data", type=click.Path(path_type=Path), help="The development data; ../shared/data otherwise.")
@click.option("--gpu", is_flag=True, help="Train and serve with CUDA; metrics end in _gpu.")
@click.option("--smoke", is_flag=True, help="A few rows and steps, to see that it runs; results stay out of the tree.")
@click.option("--fresh", is_flag=True, help="Train anew even where a bundle of the same data and sources is kept.")
def bench(name: str, only: tuple[str, ...], data: Path | None, gpu: bool, smoke: bool, fresh: bool) -> None:
    """Measure NAME and write tests/benchmarks/results/NAME.json; `page` only makes docs/benchmarks.md."""
    place = open_workplace(data, smoke=smoke, gpu=gpu, fresh=fresh)
    if name != "page":
        parts = BENCHMARKS[name]()
        if unknown := sorted(set(only) - set(parts)):
            raise BenchmarkError(f"{name} has no part {unknown[0]}; it has {', '.join(parts)}")
        wanted = [part for part in parts if part in only or (not only and parts[part].by_default)]
        _measure(place, name, {part: parts[part] for part in wanted})
    if not smoke:
        write_page(place.results)


def _measure(place: Workplace, name: str, parts: Mapping[str, Part]) -> None:
    command = shlex.join(["scripts/bench", *sys.argv[1:]])
    for part, chosen in parts.items():
        place.say(f"==> {name}: {part}")
        suffix = "_gpu" if place.gpu else ""
        metrics = {metric + suffix: value for metric, value in chosen.measure(place).items()}
        for metric, value in metrics.items():
            place.say(f"{metric:48} {value:.4f}")
        target = place.results / f"{name}.json"
        merge_part(target, part + suffix, chosen.owns, suffix, metrics, details(command))
        if not place.smoke:
            write_page(place.results)


def main() -> None:
    """Runs the command; what cannot go on is one line and exit status 2."""
    try:
        bench(prog_name="scripts/bench")
    except (BenchmarkError, BotError, FinetuneError, RetrievalError) as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
