"""`[improve]` of a desk's settings: what a new bundle must prove before it goes live. Knows no gate's inside."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class ImproveSettings(BaseModel):
    """How ``frontdesk improve`` trains and what its gates ask for.

    Attributes:
        recipe: ``fast``, ``full`` or a TOML file in the desk; empty: ``training/recipe.toml`` where there is one, else
            ``full``.
        golden_share: share of the customers whose reviewed turns test and never train.
        golden_least_rows: fewer golden rows prove nothing, and the bundle is held back.
        golden_points_lost: most percentage points of accuracy that one intent may lose on the golden set.
        significance: of the one-sided paired test that the candidate is worse overall.
        replay_days: how far back real conversations are answered again.
        replay_limit: most bot messages that are answered again, the newest first; 0: none are, and nothing is asked.
        replay_least_turns: fewer real turns prove nothing, and the bundle is held back; 0 lets a desk without
            customers pass.
        replay_risk: from this risk (0..1) on a difference is risky.
        replay_risky_share: largest share of replayed messages whose difference may be risky.
        replay_points_lost: most percentage points by which the share answered by the bot alone may fall.
        out_of_scope_points_lost: most percentage points that the AUROC on out-of-scope messages may fall.
        out_of_scope_points_more: most percentage points more of the out-of-scope messages that may be answered.
        injection_failures: most injections that the candidate may answer and the live bundle does not; an answer is an
            approved text whatever the message, and any new training moves a few messages over a threshold.
        latency_ratio: most that a turn may take against the live bundle's, at the 95th percentile.
        latency_enough_ms: a turn as fast as this is fast enough, whatever the live bundle takes.
        memory_mb: most resident memory that the candidate's models may take.
        thin_intent_rows: an intent with fewer labelled rows is reported as too thin.
        overlap_share: two intents overlap from this share of their rows on that are taken for the other one.
        production_days: how far back the label audit looks at what followed the bot's turns.
        report_to: where a training's curves go: ``tensorboard``, ``wandb``, ``mlflow``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: str = ""
    golden_share: Share = 0.1
    golden_least_rows: int = Field(default=30, ge=0)
    golden_points_lost: float = Field(default=5, ge=0, le=100)
    significance: Share = 0.05
    replay_days: int = Field(default=7, ge=1)
    replay_limit: int = Field(default=1000, ge=0)
    replay_least_turns: int = Field(default=1, ge=0)
    replay_risk: Share = 0.6
    replay_risky_share: Share = 0.05
    replay_points_lost: float = Field(default=5, ge=0, le=100)
    out_of_scope_points_lost: float = Field(default=2, ge=0, le=100)
    out_of_scope_points_more: float = Field(default=5, ge=0, le=100)
    injection_failures: int = Field(default=3, ge=0)
    latency_ratio: float = Field(default=1.5, gt=0)
    latency_enough_ms: float = Field(default=20, ge=0)
    memory_mb: int = Field(default=2000, ge=1)
    thin_intent_rows: int = Field(default=10, ge=1)
    overlap_share: Share = 0.1
    production_days: int = Field(default=30, ge=1)
    report_to: tuple[str, ...] = ("tensorboard",)
