"""The one road into training: files in; train, dev and calibration parts out. Knows no model and no log format."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from finetune.dialogue_examples import intent_examples, reply_pairs
from finetune.errors import DataError
from finetune.examples import Dataset, IntentExample, QuestionPassage, ReplyPair, SentimentExample
from finetune.exclusion import Exclusion, read_exclusion
from finetune.history.dialogue_file import read_dialogues, write_dialogues
from finetune.history.report import ImportReport
from finetune.intent_files import read_intents, read_out_of_scope, read_sentiments
from finetune.questions import read_questions, titled_questions
from finetune.rows import Rows, allowed, cleaned, contradictions, conversations_of, split, unique, without_conversations
from finetune.splitting import Part
from finetune.turns import turns_of
from retrieval.errors import RetrievalError
from retrieval.passages import load_passages
from retrieval.values import Passage

__all__ = [
    "DataSources",
    "Dataset",
    "DatasetReport",
    "IntentExample",
    "QuestionPassage",
    "ReplyPair",
    "SentimentExample",
    "build_dataset",
    "load_labelled",
    "read_dialogues",
    "read_intents",
    "read_out_of_scope",
    "read_sentiments",
    "write_dialogues",
]


@dataclass(frozen=True, slots=True)
class DataSources:
    """The files that a training is given, by the names of ``frontdesk train``'s options; None where absent."""

    intents: Path | None = None
    out_of_scope: Path | None = None
    dialogues: Path | None = None
    knowledge: Path | None = None
    knowledge_queries: Path | None = None
    dev_intents: Path | None = None
    dev_out_of_scope: Path | None = None
    dev_dialogues: Path | None = None
    exclude: Path | None = None
    sentiments: Path | None = None
    dev_sentiments: Path | None = None


@dataclass(slots=True)
class DatasetReport:
    """What became of the rows; holds no text except the contradictions, which are for the person at the terminal.

    Attributes:
        read: what the CSV and JSONL readers skipped, with line numbers.
        duplicates: kind -> equal and near-equal rows dropped.
        contradictions: text -> labels that it stands under; such rows are kept.
        excluded: intent (or ``(out of scope)``, ``(replies)``, ``(questions)``, ``(sentiments)``) -> rows kept out by
            ``--exclude``.
        dropped_dev: labels of dev dialogues that train lacks -> examples left out.
        sizes: part -> kind -> rows.
    """

    read: ImportReport = field(default_factory=ImportReport)
    duplicates: Counter[str] = field(default_factory=Counter)
    contradictions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)
    dropped_dev: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)

    def summary(self) -> list[str]:
        """Lines for a person, without any customer's text."""
        lines = [
            f"{part}: " + ", ".join(f"{n} {kind}" for kind, n in sizes.items()) for part, sizes in self.sizes.items()
        ]
        lines += self.read.summary()[1:]
        lines += [f"dropped {n} equal or nearly equal rows of {kind}" for kind, n in self.duplicates.items() if n]
        lines += [f"excluded {n} rows of {intent}" for intent, n in sorted(self.excluded.items()) if n]
        lines += [f"left out {n} dev rows of {label}, which train lacks" for label, n in self.dropped_dev.items()]
        if self.contradictions:
            lines.append(f"{len(self.contradictions)} texts stand under more than one label")
        return lines


def build_dataset(
    sources: DataSources, *, seed: int = 0, report: DatasetReport | None = None
) -> tuple[Dataset, Dataset, Dataset]:
    """Read, clean, make unique, exclude and split.

    Calibration rows are always held back from train (see `calibration_share`); dev rows are where no dev file is given.
    An explicit dev file is taken as it is; its conversations leave train.

    Returns:
        Train, dev and calibration.

    Raises:
        DataError: a file is missing, empty or unusable; there is nothing to train on, or one class only; or a label
            of ``dev_intents`` is not in train. One line that says what to do.
    """
    report = report if report is not None else DatasetReport()
    passages = _passages(sources.knowledge)
    given = _read(sources.intents, sources.out_of_scope, sources.dialogues, report, sources.sentiments)
    given = replace(given, questions=_questions(sources, passages, report))
    held = cleaned(
        _read(sources.dev_intents, sources.dev_out_of_scope, sources.dev_dialogues, report, sources.dev_sentiments)
    )
    pool = unique(cleaned(without_conversations(given, conversations_of(held))), report.duplicates)
    exclusion = read_exclusion(sources.exclude) if sources.exclude else Exclusion()
    pool = allowed(pool, exclusion)
    report.excluded = exclusion.counts
    report.contradictions = contradictions(pool)
    _check_trainable(pool, sources)
    parts = split(
        pool,
        seed=seed,
        dev_intents=sources.dev_intents is None,
        dev_out_of_scope=sources.dev_out_of_scope is None,
        dev_dialogues=sources.dev_dialogues is None,
        dev_sentiments=sources.dev_sentiments is None,
    )
    train, calibration = parts[Part.TRAIN].dataset(), parts[Part.CALIBRATION].dataset()
    dev = _dev(parts[Part.DEV], held, sources, train, report).dataset()
    for name, dataset in (("train", train), ("dev", dev), ("calibration", calibration)):
        report.sizes[name] = _sizes(dataset)
    return train, dev, calibration


def load_labelled(
    intents: Path | None = None,
    out_of_scope: Path | None = None,
    dialogues: Path | None = None,
    sentiments: Path | None = None,
) -> Dataset:
    """Read files as one dataset, cleaned but neither made unique nor split: what ``frontdesk evaluate`` is given.

    Raises:
        DataError: a file is missing, empty or unusable.
    """
    return cleaned(_read(intents, out_of_scope, dialogues, DatasetReport(), sentiments)).dataset()


def _read(
    intents: Path | None,
    out_of_scope: Path | None,
    dialogues: Path | None,
    report: DatasetReport,
    sentiments: Path | None,
) -> Rows:
    examples = list(read_intents(intents, report.read)) if intents else []
    others = read_out_of_scope(out_of_scope, report.read) if out_of_scope else ()
    pairs: list[ReplyPair] = []
    for dialogue in read_dialogues(dialogues) if dialogues else ():
        turns = turns_of(dialogue)
        pairs.extend(reply_pairs(dialogue.conversation_id, turns))
        examples.extend(intent_examples(dialogue.conversation_id, turns))
    moods = read_sentiments(sentiments, report.read) if sentiments else ()
    return Rows(tuple(examples), others, tuple(pairs), sentiments=moods)


def _passages(path: Path | None) -> Mapping[str, Passage]:
    if path is None:
        return {}
    try:
        return {passage.passage_id: passage for passage in load_passages(path)}
    except RetrievalError as error:
        raise DataError(str(error)) from error


def _questions(
    sources: DataSources, passages: Mapping[str, Passage], report: DatasetReport
) -> tuple[QuestionPassage, ...]:
    if sources.knowledge_queries is None:
        return tuple(titled_questions(passages))
    if sources.knowledge is None:
        raise DataError(f"{sources.knowledge_queries}: queries need their passages; give --knowledge as well")
    return (*titled_questions(passages), *read_questions(sources.knowledge_queries, passages, report.read))


def _check_trainable(rows: Rows, sources: DataSources) -> None:
    labels = {row.intent for row in rows.intents}
    if not (rows.intents or rows.reply_pairs or rows.questions or rows.sentiments):
        raise DataError(
            "nothing to train on is left; give --intents, --dialogues with agents' answers, --knowledge-queries or "
            "--sentiments"
        )
    if len(labels) == 1:
        origin = sources.intents or sources.dialogues
        raise DataError(f"{origin}: only one class ({labels.pop()}); give rows of at least two intents")
    moods = {row.sentiment for row in rows.sentiments}
    if len(moods) == 1:
        raise DataError(f"{sources.sentiments}: only one sentiment ({moods.pop()}); give rows of at least two")


def _dev(own: Rows, held: Rows, sources: DataSources, train: Dataset, report: DatasetReport) -> Rows:
    """Given dev rows, and those held back for each kind that was not given."""
    from_file = tuple(row for row in held.intents if row.group is None)
    labels = set(train.labels)
    _refuse_unknown(sources.dev_intents, {row.intent for row in from_file} - labels)
    _refuse_unknown(sources.dev_sentiments, {row.sentiment for row in held.sentiments} - set(train.moods))
    from_dialogues = tuple(row for row in held.intents if row.group is not None)
    report.dropped_dev.update(row.intent for row in from_dialogues if row.intent not in labels)
    # With a dev file, dev figures are those of this file alone; labelled messages of held-back dialogues stay unused.
    intents = from_file or own.intents
    return Rows(
        intents + tuple(row for row in from_dialogues if row.intent in labels and not from_file),
        held.out_of_scope or own.out_of_scope,
        held.reply_pairs or own.reply_pairs,
        own.questions,
        held.sentiments or own.sentiments,
    )


def _refuse_unknown(path: Path | None, unknown: set[str]) -> None:
    if unknown:
        raise DataError(
            f"{path}: labels that train has no row of: {', '.join(sorted(unknown)[:5])}"
            f"{', ...' if len(unknown) > 5 else ''}; add rows to train or remove them from dev"
        )


def _sizes(dataset: Dataset) -> dict[str, int]:
    return {
        "intent examples": len(dataset.intents),
        "out-of-scope messages": len(dataset.out_of_scope),
        "reply pairs": len(dataset.reply_pairs),
        "questions": len(dataset.questions),
        "messages with a mood": len(dataset.sentiments),
    }
