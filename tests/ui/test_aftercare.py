from datetime import UTC, datetime

import pytest

from bot.opening_hours import OpeningHours
from bot.storage.aftercare import Left
from bot.values import Owner
from ui.aftercare import confirm_end, ending, offline_form, presence
from ui.texts import texts_for

HOURS = OpeningHours.of("Europe/London", {"wed": ["09:00-17:30"]}, [])
OPEN, SHUT = datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2026, 11, 24, 20, tzinfo=UTC)
ENGLISH, CHINESE = texts_for("en"), texts_for("zh")


def test_presence_says_nothing_without_hours() -> None:
    assert presence(None, SHUT, ENGLISH) == ""


def test_presence_says_whether_people_are_there_and_when_they_are_back() -> None:
    assert "Our team is here" in presence(HOURS, OPEN, ENGLISH)
    assert "Our team is back Wed 09:00" in presence(HOURS, SHUT, ENGLISH)
    assert "人工客服周三 09:00上线" in presence(HOURS, SHUT, CHINESE)
    assert "2 Dec 09:00" in presence(HOURS, OPEN.replace(hour=20), ENGLISH)
    assert "Our team is away" in presence(OpeningHours.of("UTC", {}, []), SHUT, ENGLISH)


@pytest.mark.parametrize(("owner", "now", "asked"), [
    (Owner.QUEUE, SHUT, True), (Owner.QUEUE, OPEN, False), (Owner.BOT, SHUT, False), (Owner.AGENT, SHUT, False),
    (Owner.CLOSED, SHUT, False),
])  # fmt: skip
def test_offline_form_is_shown_only_while_one_waits_and_nobody_is_there(
    owner: Owner, now: datetime, asked: bool
) -> None:
    assert ("fd-contact" in offline_form(HOURS, now, owner, Left(), ENGLISH)) is asked
    assert offline_form(None, now, owner, Left(), ENGLISH) == ""


def test_offline_form_shows_a_kept_address_escaped() -> None:
    shown = offline_form(HOURS, SHUT, Owner.QUEUE, Left(contact='"<b>"@example.com'), ENGLISH)
    assert "<b>&quot;&lt;b&gt;&quot;@example.com</b>" in shown
    assert 'value="&quot;&lt;b&gt;' in shown


def test_ending_offers_a_rating_then_a_comment_then_thanks() -> None:
    fresh = ending(Left(), ENGLISH, commenting=False)
    assert fresh.count('data-act="score"') == 5
    assert "Very good" in fresh
    assert "fd-score" not in fresh
    rated = ending(Left(rating=4), ENGLISH, commenting=True)
    assert 'data-rating="4" aria-pressed="true"' in rated
    assert 'class="fd-score"' in rated
    assert ENGLISH.thanks in ending(Left(rating=4), ENGLISH, commenting=False)


def test_confirm_end_is_labelled_and_keeps_the_chat_by_default() -> None:
    shown = confirm_end(CHINESE, "x1")
    assert 'role="alertdialog"' in shown
    assert shown.index('data-act="close"') < shown.index('data-act="end"')
