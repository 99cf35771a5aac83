"""The inbox as HTML: a pure function of its values."""

from datetime import UTC, datetime, timedelta

from bot.storage.inbox import InboxItem
from bot.values import Owner, Role
from ui.staff.conversation_view import render_list

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _item(mood: str | None) -> InboxItem:
    return InboxItem(
        conversation_id="c1",
        owner=Owner.QUEUE,
        agent=None,
        channel="web",
        locale="en",
        started_utc=NOON,
        updated_utc=NOON,
        waiting_since_utc=NOON,
        handoff_reason="asked_for_person",
        customer_id=None,
        customer_name=None,
        contact=None,
        last_text="still nothing",
        last_role=Role.CUSTOMER,
        mood=mood,
    )


def test_an_angry_mood_is_marked_with_words_and_only_where_it_counts_as_anger() -> None:
    def line(mood: str | None, *angry: str) -> str:
        return render_list("waiting", [_item(mood)], 1, "", NOON + timedelta(minutes=3), angry)

    marked = line("<b>negative", "<b>negative", "anger")
    assert "mood: &lt;b&gt;negative" in marked
    assert "<b>negative" not in marked
    assert marked.index("mood:") < marked.index("waits 3 min")
    assert "mood:" not in line("positive", "negative")
    assert "mood:" not in line(None, "negative")
    assert "mood:" not in line("negative")
