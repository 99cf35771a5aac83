"""An audit by hand: the desk's training folder and its reviewed conversations as `improve` would compose them now."""

from bot.dataset_files import TRAINING
from bot.desk import Desk
from bot.redaction.redactor import redact
from bot.settings import Settings
from bot.storage.store import Store
from finetune.base_model import resolve_base_model
from finetune.composition import GoldenSide, compose
from finetune.history.report import ImportReport
from finetune.label_audit.desk import audit_desk
from finetune.progress import Report
from finetune.recipe import load_recipe
from finetune.reviewed import collect_reviewed
from finetune.training_folder import TrainingFolder


def audit(desk: Desk, settings: Settings, store: Store, say: Report) -> None:
    """Audit the desk's labels, golden ones too, and replace the findings that nobody has judged.

    Args:
        say: takes lines on how it goes.

    Raises:
        DataError: a file of the training folder cannot be read.
        BaseModelError: the untrained encoder is nowhere.
        StorageError: the database refused.
    """
    folder, rules = TrainingFolder(desk.directory / TRAINING, ImportReport()), settings.privacy.rules()
    collected = collect_reviewed(store, None, lambda _done, _total: None)
    say(f"{len(collected.conversations)} reviewed conversations")
    made = compose(
        folder,
        collected.conversations,
        GoldenSide(),
        (),
        lambda texts, people: redact(texts, people, rules),
        lambda _done, _total: None,
        store.label_findings.overrides(),
    )
    base = resolve_base_model(load_recipe(folder.recipe_for(settings.improve.recipe)).base_model)
    audit_desk(store, settings, made.content, collected.conversations, base, say)
