import pytest

from finetune import progress
from finetune.progress import StepProgress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: False, raising=False)
    return now


def test_plain_lines_say_loss_and_remaining_time_now_and_then(clock: list[float]) -> None:
    lines: list[str] = []
    shown = StepProgress(total=110, done=10, report=lines.append)
    for _ in range(40):
        clock[0] += 1.0
        shown.step(0.5)
    shown.close()
    assert lines == ["step 25 of 110, loss 0.500, 85 s left", "step 40 of 110, loss 0.500, 70 s left"]


def test_the_loss_is_smoothed(clock: list[float]) -> None:
    lines: list[str] = []
    shown = StepProgress(total=2, done=0, report=lines.append)
    shown.step(1.0)
    clock[0] = 60.0
    shown.step(0.0)
    assert "loss 0.950" in lines[0]
