"""How a model is to be made: a TOML file as a frozen value. Knows nothing of data or models."""

import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from finetune.errors import RecipeError


def _limited(default: Any, low: float | None = None, high: float | None = None) -> Any:
    """A field whose number must lie in low..high, both included."""
    return field(default=default, metadata={"low": low, "high": high})


def _one_of(default: str, *choices: str) -> Any:
    return field(default=default, metadata={"choices": choices})


def _some_of(default: tuple[str, ...], *choices: str) -> Any:
    """A list of any of the choices; it may be empty."""
    return field(default=default, metadata={"choices": choices, "may_be_empty": True})


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """The optimiser and the course of training.

    Attributes:
        epochs: passes over the labelled examples; dev is measured after each.
        learning_rate: peak for the encoder, reached after ``warmup_share`` of all steps, then linear to 0.
        dropout: on a head's input; ``encoder_dropout`` inside the encoder.
        layer_decay: each layer below the last learns at this share of the rate of the one above it.
        average_decay: of the moving average of the weights that dev measures and the bundle keeps; 0 = none.
        gradient_clip: largest norm of all gradients together.
        patience: epochs without a better dev score before training stops.
        max_steps: cap on all steps together; 0 = none.
        precision: ``auto`` = bf16 where the machine computes it natively, else fp32.
        freeze_embeddings: word embeddings stay as they are; rare words keep their place and steps get faster.
        checkpoint_steps: steps between checkpoints.
    """

    epochs: int = _limited(15, 1, 1000)
    learning_rate: float = _limited(1e-4, 1e-8, 1.0)
    head_learning_rate: float = _limited(1e-3, 1e-8, 1.0)
    warmup_share: float = _limited(0.1, 0.0, 0.9)
    weight_decay: float = _limited(0.01, 0.0, 1.0)
    dropout: float = _limited(0.1, 0.0, 0.9)
    encoder_dropout: float = _limited(0.0, 0.0, 0.9)
    layer_decay: float = _limited(1.0, 0.1, 1.0)
    average_decay: float = _limited(0.0, 0.0, 0.99999)
    gradient_clip: float = _limited(1.0, 1e-3, 1000.0)
    patience: int = _limited(4, 1, 1000)
    max_steps: int = _limited(0, 0, 10_000_000)
    precision: str = _one_of("auto", "auto", "fp32", "bf16")
    freeze_embeddings: bool = True
    checkpoint_steps: int = _limited(200, 1, 1_000_000)


@dataclass(frozen=True, slots=True)
class IntentOptions:
    """The intent head: cross-entropy, and out-of-scope rows.

    Attributes:
        batch_size: examples a step; ``max_tokens`` cuts longer ones.
        label_smoothing: share of the target spread over all intents.
        contrast_weight: of the supervised contrastive loss on sentence vectors, at ``contrast_temperature``.
        token_drop: chance with which each token of a training row of six or more is left out.
        fit_first: start the head from a logistic regression on the untrained encoder.
        outlier_weight: weight of the loss that pulls out-of-scope rows to a uniform distribution
            (outlier exposure, Hendrycks et al. 2019); 0 = such rows do not train.
    """

    batch_size: int = _limited(32, 2, 4096)
    max_tokens: int = _limited(64, 8, 8192)
    label_smoothing: float = _limited(0.0, 0.0, 0.9)
    contrast_weight: float = _limited(0.0, 0.0, 100.0)
    contrast_temperature: float = _limited(0.1, 0.001, 10.0)
    token_drop: float = _limited(0.0, 0.0, 0.9)
    fit_first: bool = True
    outlier_weight: float = _limited(0.5, 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class SentimentOptions:
    """The sentiment head: cross-entropy on messages with a mood; each is seen once in an epoch.

    Attributes:
        batch_size: messages a step; ``max_tokens`` cuts longer ones.
        label_smoothing: share of the target spread over all moods.
        balance: how far rare moods weigh more: a mood's weight is its scarceness to this power; 0 = all rows alike.
        token_drop: chance with which each token of a training row of six or more is left out.
        fit_first: start the head from a logistic regression on the untrained encoder.
        weight: of this task's loss; 0 leaves the head out.
    """

    batch_size: int = _limited(32, 2, 4096)
    max_tokens: int = _limited(64, 8, 8192)
    label_smoothing: float = _limited(0.1, 0.0, 0.9)
    balance: float = _limited(0.5, 0.0, 1.0)
    token_drop: float = _limited(0.0, 0.0, 0.9)
    fit_first: bool = True
    weight: float = _limited(1.0, 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """A task that ranks texts by in-batch negatives.

    Attributes:
        passes: how often training sees each pair over all epochs together; may be a fraction. With dialogues a question
            stands twice among the pairs: alone, and after an exchange on something else.
        max_pairs: most pairs seen in the whole training: the cap on time for a desk with many.
        scale: cosine similarities are multiplied by it (1 / temperature).
        hard_negatives: mined negatives for each question; 0 = in-batch negatives only.
        weight: of this task's loss.
    """

    passes: float = _limited(1.0, 0.0, 1000.0)
    max_pairs: int = _limited(60_000, 0, 100_000_000)
    batch_size: int = _limited(64, 2, 4096)
    max_tokens: int = _limited(64, 8, 8192)
    scale: float = _limited(20.0, 1.0, 1000.0)
    hard_negatives: int = _limited(0, 0, 64)
    weight: float = _limited(1.0, 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """What a head reads: the last ``layers`` layers, averaged, and the first token where ``first_token`` is set."""

    layers: int = _limited(1, 1, 48)
    first_token: bool = False


@dataclass(frozen=True, slots=True)
class ShallowOptions:
    """Logistic regression on an encoder that stands still.

    Attributes:
        inverse_regularisation: C as in scikit-learn's LogisticRegression; larger fits closer.
        max_iterations: of its solver.
    """

    inverse_regularisation: float = _limited(30.0, 1e-6, 1e6)
    max_iterations: int = _limited(150, 1, 100_000)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All choices of one training.

    Attributes:
        base_model: name on the hub, or a local path.
        languages: BCP 47 codes that the base model and the data speak.
        max_tokens: longest input that the finished encoder reads.
        encoder: ``frozen`` trains a head only, ``trained`` the whole encoder.
        report_to: where losses and dev scores go: any of ``tensorboard``, ``wandb`` and ``mlflow``.
    """

    name: str
    base_model: str = "sentence-transformers/all-MiniLM-L6-v2"
    languages: tuple[str, ...] = ("en",)
    max_tokens: int = _limited(128, 8, 8192)
    seed: int = _limited(13, 0, 2**31 - 1)
    encoder: str = _one_of("trained", "frozen", "trained")
    report_to: tuple[str, ...] = _some_of(("tensorboard",), "tensorboard", "wandb", "mlflow")
    training: TrainingOptions = field(default_factory=TrainingOptions)
    intents: IntentOptions = field(default_factory=IntentOptions)
    replies: RankingOptions = field(default_factory=RankingOptions)
    questions: RankingOptions = field(default_factory=RankingOptions)
    sentiment: SentimentOptions = field(default_factory=SentimentOptions)
    head: HeadOptions = field(default_factory=HeadOptions)
    shallow: ShallowOptions = field(default_factory=ShallowOptions)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for manifests and reports."""
        return asdict(self)


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Reads a recipe that ships with Frontdesk (``fast``, ``full``) or a TOML file.

    Raises:
        RecipeError: no such recipe, broken TOML, an unknown key, a wrong type or a value out of range.
    """
    shipped = resources.files("finetune") / "recipes" / f"{name_or_path}.toml"
    path = Path(name_or_path)
    try:
        text = shipped.read_text("utf-8") if shipped.is_file() else path.read_text("utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe {name_or_path}: cannot be read ({error}); name fast, full or a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name_or_path}: not valid TOML: {error}") from error
    return parse_recipe(table, source=str(name_or_path))


def parse_recipe(table: dict[str, Any], *, source: str) -> Recipe:
    """Checks a TOML table against the recipe's fields.

    Args:
        table: as ``tomllib`` reads it.
        source: the file's name, for the message of an error.

    Raises:
        RecipeError: an unknown key, a wrong type or a value out of range; names the key and the source.
    """
    recipe: Recipe = _parse_table(Recipe, table, prefix="", source=source)
    return recipe


def _parse_table(kind: type[Any], table: dict[str, Any], *, prefix: str, source: str) -> Any:
    known = {item.name: item for item in fields(kind)}
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise RecipeError(f"recipe {source}: unknown key {prefix}{unknown[0]}; known are {', '.join(known)}")
    missing = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING and n not in table]
    if missing:
        raise RecipeError(f"recipe {source}: key {prefix}{missing[0]} is missing; add it")
    hints = get_type_hints(kind)
    values = {}
    for name, value in table.items():
        where = f"recipe {source}: key {prefix}{name}"
        hint = hints[name]
        if is_dataclass(hint):
            if not isinstance(value, dict):
                raise RecipeError(f"{where} must be a table [{prefix}{name}]")
            values[name] = _parse_table(hint, value, prefix=f"{prefix}{name}.", source=source)  # type: ignore[arg-type]
        else:
            metadata = known[name].metadata
            values[name] = _check_range(_convert(hint, value, where, metadata), metadata, where)
    return kind(**values)


def _convert(hint: Any, value: Any, where: str, limits: Any) -> Any:
    """The value as the field's type; TOML's integers count as floats, booleans never as numbers."""
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (int, float, str, bool):
        if type(value) is not hint:
            raise RecipeError(f"{where} must be of type {hint.__name__}, got {value!r}")
        return value
    empty = not value and not limits.get("may_be_empty")
    if not isinstance(value, list) or empty or not all(isinstance(item, str) and item for item in value):
        raise RecipeError(f"{where} must be a list of words, got {value!r}")
    return tuple(value)


def _check_range(value: Any, limits: Any, where: str) -> Any:
    low, high, choices = limits.get("low"), limits.get("high"), limits.get("choices")
    if low is not None and not low <= value <= high:
        raise RecipeError(f"{where} must be from {low} to {high}, got {value!r}")
    wrong = [one for one in (value if isinstance(value, tuple) else (value,)) if choices and one not in choices]
    if wrong:
        raise RecipeError(f"{where} must be one of {', '.join(choices)}, got {wrong[0]!r}")
    return value
