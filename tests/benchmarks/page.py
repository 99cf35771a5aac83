"""docs/benchmarks.md, made from the result files alone, so that the page can say nothing that was not measured."""

from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.results import Entry, is_metric, read_results
from tests.benchmarks.workplace import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"

NAMES = ("quality", "shop", "speed", "search", "delivery", "load", "loop")

TARGETS: dict[str, str] = {
    "clinc150_accuracy": ">= .970",
    "clinc150_oos_auroc": ">= .970",
    "clinc150_ece": "<= .03",
    "banking77_full_accuracy": ">= .945",
    "banking77_fast_accuracy": ">= .930",
    "banking77_oos_in_domain_auroc": ">= .88",
    "airlines_r100_at_1": ">= .40",
    "stackfaq_map": ">= .95",
    "shop_answered_share": ">= .60",
    "shop_wrong_among_answered": "<= .05",
    "shop_handoff_recall": ">= .90",
    "banking77_fast_s": "<= 90",
    "banking77_full_s": "<= 1200",
    "encoder_speedup_vs_torch": ">= 5",
    "serving_rss_mb": "<= 450",
    "serving_ready_s": "<= 8",
    "demo_first_start_s": "<= 360",
    "sqlite_search_p95_ms": "<= 50",
    "postgresql_search_p95_ms": "<= 50",
    **{
        f"{database}_{kind}": "<= 0"
        for database in ("sqlite", "postgresql")
        for kind in ("lost", "doubled", "reordered")
    },
    "drain_200_streams_s": "<= 10",
    "reply_p95_ms": "<= 500",
    "gradio_reply_p95_ms": "<= 500",
    "errors": "<= 0",
    "gradio_errors": "<= 0",
    "sync_faults_acknowledged": "<= 0",
    "training_kills_survived": ">= 10",
    "training_kills_half_bundles": "<= 0",
    "hot_swap_failed": "<= 0",
    "rollback_s": "<= 1",
    "label_audit_recall": ">= .80",
    "redaction_recall": ">= .98",
    "redaction_precision": ">= .95",
    "erase_canary_hits": "<= 0",
    "sentiment_macro_f1": ">= .80",
    "improve_10k_s": "<= 1800",
    "airlines_published": ">= 1",
    "airlines_spoilt_held": ">= 1",
}
"""What each figure should reach, as it was agreed before measuring."""

_INTRODUCTION = """# Benchmarks

Made by `scripts/bench page` from `tests/benchmarks/results/*.json`; do not edit. `scripts/bench NAME` measures again:
`quality`, `shop`, `speed`, `search`, `delivery`, `load` or `loop`; `--only PART` measures one part. A bold figure
reaches its target, one with (!) does not.

- `quality` uses public data sets that are no part of this project; they lie in `../shared/data`, or where `--data`
  says. Only their development parts are used, and the same parts chose recipes, epochs and int8 against fp32: expect a
  little less on data that nobody has looked at. Temperature, out-of-scope score and thresholds are fitted on rows held
  back from the training part. All figures are those of the exported bundle as a server without a GPU opens it.
- *Baseline* there is frozen all-MiniLM-L6-v2 on the same rows: a logistic regression on all training rows for intents
  (out-of-scope by its highest probability), cosine for replies and FAQ. *BM25* is the keyword index alone.
- `shop` runs the demo shop's hand-written test conversations through the whole desk; nothing was trained on them. The
  desk's rules and thresholds were chosen on other conversations (`shop_dev`). The baseline is BM25 alone: the top
  article, if its score reaches a threshold chosen on the shop's knowledge queries and out-of-scope messages, else a
  person. Shares are of all turns.
- `speed` counts whole commands, imports included; compared runs take turns, and medians are given.
- `search` finds transcripts among a million made-up messages (words by Zipf's law, 200,000 conversations) on each
  database. A figure is the time of the whole first page: hits, filter, count, ranking and 50 summaries. The `p95_ms` of
  a database is that of its worst kind among a rare word, the commonest word, two words, and the commonest word with a
  rare label, with six hours, and with a rare intent. Beyond the bound: `common_intent`, `middling` (a word in 0.3 to
  6 percent of all messages, with a rare intent) and `no_text`. The baseline is a plain `LIKE` from the newest message
  on, without ranking, count or summaries; it is fast for common words and reads everything for rare ones.
- `delivery` damages a real server under load: 20 customers who retry until acknowledged and read a stream that resumes.
  Afterwards their notes are compared with the log. `lost` to `wrong` must be 0; `failed` messages are marked so, and
  their customers may send them again. `restart` cuts off all of PostgreSQL's connections and refuses new ones for ten
  seconds; `disk_full` lets no file grow; `sync_faults` makes the n-th sync fail, for n from 1 to 50.
- `loop` measures the road from reviewed transcripts to a better bot: `airlines` is one whole run that is published and
  one that is held back ([loop-airlines.md](loop-airlines.md)), `tenk` one on a desk with 10,000 reviewed turns.
- `load` plays customers who each write every ten seconds, in a process of its own on the same machine. A reply's time
  runs from sending to reading it, the 250 ms in which the desk waits for the rest of a burst included.
  `breaking_customers` is where the 95th percentile passed 500 ms or somebody was refused, doubling from 400; `flood` is
  5,000 posts at the same moment.
"""


def render(results: Path) -> str:
    """The page for a folder of result files."""
    sections = [_section(name, entries) for name in NAMES if (entries := read_results(results / f"{name}.json"))]
    return "\n".join([_INTRODUCTION, *(sections or ["Nothing has been measured yet.\n"])])


def write_page(results: Path) -> None:
    """Writes docs/benchmarks.md."""
    PAGE.write_text(render(results), encoding="utf-8")


def reaches(value: float, target: str) -> bool:
    """Whether a figure keeps to ``>= limit`` or ``<= limit``."""
    relation, limit = target.split()
    return value >= float(limit) if relation == ">=" else value <= float(limit)


def _section(name: str, entries: Mapping[str, Entry]) -> str:
    figures = {key: float(value) for key, value in entries.items() if is_metric(key, value)}
    rows = [_row(key, figures) for key in sorted(figures) if not key.startswith(("baseline_", "bm25_"))]
    lone = [key for key in sorted(figures) if _bare(key) != key and _bare(key) not in figures]
    rows += [f"| {key} | {_number(figures[key])} | | | |" for key in lone]
    parts = [f"- {key.removeprefix('part_')}: {value}" for key, value in sorted(entries.items()) if key[:5] == "part_"]
    return "\n".join(
        [
            f"## {name}",
            "",
            f"Machine: {entries['machine']}. Last command: `{entries['command']}`.",
            "",
            "| metric | value | target | baseline | BM25 |",
            "|---|---:|---:|---:|---:|",
            *rows,
            "",
            "Measured (UTC, commit):",
            "",
            *parts,
            "",
        ]
    )


def _row(key: str, figures: Mapping[str, float]) -> str:
    value, target = figures[key], TARGETS.get(key.removesuffix("_gpu"), "")
    shown = _number(value)
    if target:
        shown = f"**{shown}**" if reaches(value, target) else f"{shown} (!)"
    others = (figures.get(f"{kind}_{key}") for kind in ("baseline", "bm25"))
    return (
        " | ".join([f"| {key}", shown, target, *("" if other is None else _number(other) for other in others)]) + " |"
    )


def _bare(key: str) -> str:
    return key.removeprefix("baseline_").removeprefix("bm25_")


def _number(value: float) -> str:
    if value == int(value) and abs(value) >= 2:
        return str(int(value))
    return f"{value:.4f}" if abs(value) < 2 else f"{value:.1f}"
