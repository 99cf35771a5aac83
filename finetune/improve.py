"""The loop, in order: reviewed conversations -> dataset -> bundle -> gates -> published, or held back with the reason.

Knows every step's door and no step's inside. Each run is a row that the console reads while it goes on. A run that was
killed goes on from its last checkpoint when the next one finds the same rows.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.articles import current_passages, take_over_folders
from bot.bundle import load_bundle
from bot.dataset_files import DATASETS, TRAINING, UNFINISHED, conversations_in
from bot.desk import Desk
from bot.erasure import Erasure
from bot.errors import BotError
from bot.improvement import GateResult, Run, RunState
from bot.live import load_models
from bot.publishing import Prepared, go_live, prepare_bundle
from bot.redaction.redactor import redact
from bot.settings import Settings
from bot.storage.store import Store
from bot.values import Versions
from finetune.base_model import resolve_base_model
from finetune.composition import compose
from finetune.dataset_store import Content, DatasetStore, DatasetVersion
from finetune.errors import FinetuneError
from finetune.export import Lineage
from finetune.gates import GoldenSet, Trial, golden_split, run_gates
from finetune.history.report import ImportReport
from finetune.label_audit.desk import audit_desk
from finetune.pipeline import TrainRequest, train
from finetune.progress import Report
from finetune.recipe import load_recipe
from finetune.reviewed import Collected, collect_reviewed
from finetune.run_log import RunLog
from finetune.run_report import run_as_markdown
from finetune.training_folder import TrainingFolder
from retrieval.artifact import write_atomically
from retrieval.errors import RetrievalError

NOTHING_NEW = (
    "no review is new since the last run; review some conversations, or use --force where labels, differences or "
    "training/ changed"
)
SAME_DATA = "the live bundle was trained on the very same rows"

Outcome = tuple[RunState, str | None]
"""How a run ends, and why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        by: who asks, for the log of runs.
        recipe: ``fast``, ``full`` or a TOML file; None takes the settings'.
        force: go on although no review is new.
        publish: go live where the gates let it.
    """

    by: str
    recipe: str | None = None
    force: bool = False
    publish: bool = True


def improve(desk: Desk, settings: Settings, store: Store, request: Request, say: Report) -> Run:
    """Make a bundle of what the desk knows now, and publish it if it proves no worse.

    Args:
        say: takes one line at a time for the person who waits.

    Returns:
        The run as it ended: published, held, or with nothing new.

    Raises:
        BotError: another run is under way, or the desk cannot be used.
        FinetuneError: the data cannot be trained on.
        RetrievalError: the knowledge cannot be indexed.
    """
    with desk.improving():
        live = next((state.versions for state in desk.history()), None)
        run_id = store.runs.start(by=request.by, parent_bundle=live.bundle if live else None)
        log = RunLog(store, run_id, say)
        try:
            state, reason = _run(_Improvement(desk, settings, store, request, live, log))
        except (BotError, FinetuneError, RetrievalError, OSError) as error:
            store.runs.finish(run_id, RunState.FAILED, str(error))
            raise
        except Exception as error:
            store.runs.finish(run_id, RunState.FAILED, f"{type(error).__name__}: see what the command said")
            raise
        except KeyboardInterrupt:
            store.runs.finish(run_id, RunState.FAILED, "stopped by hand; the next run goes on from its last checkpoint")
            raise
        store.runs.finish(run_id, state, reason)
        run = store.runs.get(run_id)
        say(f"Its report: {_write_report(desk, run)}")
        return run


@dataclass(frozen=True)
class _Improvement:
    """One run's tools and its steps, each a method, called in order by `_run`."""

    desk: Desk
    settings: Settings
    store: Store
    request: Request
    live: Versions | None
    log: RunLog

    def collect(self) -> Collected:
        """All reviewed conversations; those since the last run are counted apart."""
        self.log.step("Collecting reviewed conversations")
        last = self.store.runs.last_measured()
        found = collect_reviewed(self.store, last.reviews_until_utc if last else None, self.log.progress)
        turns = sum(len(conversation.turns) for conversation in found.conversations)
        self.log.line(
            f"{found.reviews} reviews of {turns} turns in {len(found.conversations)} conversations, "
            f"{found.fresh} since the last run"
        )
        self.store.runs.record(self.log.run_id, reviews_until_utc=found.until_utc)
        counted = {"reviews": found.reviews, "new_reviews": found.fresh, "reviewed_turns": turns}
        self.store.runs.add_figures(self.log.run_id, counted | {"disagreements": found.disagreements})
        return found

    def golden(self, collected: Collected) -> GoldenSet:
        """What tests and never trains: rows that staff keep, and a share of the customers."""
        folder, marks = self._folder(), self.store.golden.marks()
        kept, share = folder.golden(), self.settings.improve.golden_share
        found = golden_split(collected.conversations, kept, marks, share, folder.out_of_scope())
        of_customers = f"{len(found.rows) - len(kept)} of {len(found.customers)} customers"
        self.log.line(f"golden set: {len(kept)} rows kept by staff, {of_customers}")
        self.store.runs.add_figures(self.log.run_id, {"golden_rows": len(found.rows)})
        return found

    def dataset(self, collected: Collected, golden: GoldenSet) -> tuple[DatasetVersion, Content]:
        """A version of everything that may train, redacted, and its rows."""
        self.log.step("Redacting and composing the dataset")
        take_over_folders(self.store, self.desk.knowledge_folders(self.settings))
        folder, rules = self._folder(), self.settings.privacy.rules()
        made = compose(
            folder,
            collected.conversations,
            golden.side,
            current_passages(self.store),
            lambda texts, people: redact(texts, people, rules),
            self.log.progress,
            self.store.label_findings.overrides(),
        )
        for line in folder.report.summary()[1:]:
            self.log.line(line)
        store = DatasetStore(self.desk.directory / DATASETS)
        figures = {"redactions": dict(made.redactions), "left_out": dict(made.left_out)}
        version = store.write(made.content, parent=self.live_dataset(), figures=figures)
        if Erasure(self.desk, self.settings, self.store).again().files.rows:  # somebody was erased since collecting
            version, kept = store.read(version.version), conversations_in(version.directory)
            made.content.dialogues = [it for it in made.content.dialogues if it.conversation_id in kept]
        self.log.line(f"dataset {version.version}: {_counted(version.manifest['counts'])}")
        self.log.line(f"redacted: {_counted(made.redactions) or 'nothing'}")
        self.store.runs.record(self.log.run_id, dataset_version=version.version)
        self.store.runs.add_figures(self.log.run_id, {"redactions": made.redactions.total()})
        return version, made.content

    def audit(self, content: Content, collected: Collected) -> None:
        """Labels that look wrong, for people to judge; the training goes on with what it has."""
        self.log.step("Auditing labels")
        base = resolve_base_model(load_recipe(self._recipe()).base_model)
        figures = audit_desk(self.store, self.settings, content, collected.conversations, base, self.log.line)
        self.store.runs.add_figures(self.log.run_id, figures)

    def train(self, dataset: DatasetVersion) -> Path:
        """A bundle in the desk's work folder; one that a killed run has finished there is taken as it is."""
        self.log.step("Training, calibrating and exporting")
        recipe = self._recipe()
        out = self._work(dataset, recipe) / "bundle"
        if out.exists():
            self.log.line("an earlier run has made this bundle already")
        else:
            lineage = Lineage(dataset.version, self.live.bundle if self.live else None)
            report_to = self.settings.improve.report_to
            train(TrainRequest(recipe, dataset.sources, out, lineage, report_to=report_to), self.log.line)
        metrics = load_bundle(out).manifest.metrics
        self.store.runs.add_figures(self.log.run_id, {f"bundle_{name}": value for name, value in metrics.items()})
        return out

    def prepare(self, bundle: Path) -> Prepared:
        """The bundle in the desk, with knowledge and replies encoded by it; nobody sees it yet."""
        self.log.step("Encoding knowledge and replies with the new bundle")
        prepared = prepare_bundle(self.desk, self.settings, self.store, bundle, self.log.progress)
        self.store.runs.record(self.log.run_id, bundle_version=prepared.versions.bundle)
        return prepared

    def judge(self, prepared: Prepared, golden: GoldenSet) -> list[GateResult]:
        """What each gate says, in order; every one is asked, so that the report is whole."""
        self.log.step("Judging")
        last = self.store.runs.last_measured()
        trial = Trial(
            desk=self.desk,
            settings=self.settings,
            store=self.store,
            run_id=self.log.run_id,
            live=load_models(self.desk, self.settings, self.live) if self.live else None,
            candidate=load_models(self.desk, self.settings, prepared.versions, prepared.encoder),
            golden=golden.rows,
            out_of_scope=golden.pack,
            since_utc=last.finished_utc if last else None,
            say=self.log.progress,
        )
        results = []
        for gate in run_gates(trial):
            self.log.line(f"{'passed' if gate.passed else 'FAILED'} {gate.name}: {gate.detail}")
            self.store.runs.add_gate(self.log.run_id, gate)
            results.append(gate)
        return results

    def finish(self, prepared: Prepared, gates: list[GateResult]) -> Outcome:
        """Live, or held back with the names of the gates that said no."""
        failed = [gate.name for gate in gates if not gate.passed]
        if failed:
            return RunState.HELD, f"held back by {', '.join(failed)}; the live bundle stays"
        if not self.request.publish:
            where = self.desk.bundle_directory(prepared.versions.bundle)
            return RunState.HELD, f"passed every gate; publish it with `frontdesk publish {where}`"
        self.log.step("Publishing")
        versions = go_live(self.desk, self.settings, self.store, prepared)
        self.log.line(f"live: bundle {versions.bundle}, knowledge {versions.knowledge}, replies {versions.replies}")
        return RunState.PUBLISHED, None

    def _recipe(self) -> str:
        return self.request.recipe or self._folder().recipe_for(self.settings.improve.recipe)

    def _folder(self) -> TrainingFolder:
        return TrainingFolder(self.desk.directory / TRAINING, ImportReport())

    def _work(self, dataset: DatasetVersion, recipe: str) -> Path:
        """A folder for this dataset and recipe, so that a killed run's successor goes on in it."""
        digest = hashlib.sha256(json.dumps(load_recipe(recipe).as_dict(), sort_keys=True).encode()).hexdigest()
        return self.desk.directory / "work" / f"{UNFINISHED.format(dataset=dataset.version)}{digest[:8]}"

    def live_dataset(self) -> str | None:
        if self.live is None:
            return None
        return load_bundle(self.desk.bundle_directory(self.live.bundle)).manifest.dataset


def _run(one: _Improvement) -> Outcome:
    """The loop itself."""
    collected = one.collect()
    if one.live and not collected.fresh and not one.request.force:
        return RunState.NOTHING_NEW, NOTHING_NEW
    golden = one.golden(collected)
    dataset, content = one.dataset(collected, golden)
    if dataset.version == one.live_dataset() and not one.request.force:
        return RunState.NOTHING_NEW, SAME_DATA
    one.audit(content, collected)
    bundle = one.train(dataset)
    prepared = one.prepare(bundle)
    outcome = one.finish(prepared, one.judge(prepared, golden))
    shutil.rmtree(bundle.parent)
    return outcome


def _write_report(desk: Desk, run: Run) -> Path:
    path = desk.directory / "reports" / f"improve-{run.run_id}.md"
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, run_as_markdown(run))
    return path


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)
