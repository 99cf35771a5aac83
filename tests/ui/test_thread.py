from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from bot.storage.records import LoggedMessage
from bot.values import Action, Decision, Message, Owner, PassageSource, ReplySource, Role, Source
from retrieval.values import Passage
from ui.passage import render_passage
from ui.services import ChatSettings
from ui.texts import texts_for
from ui.thread import SHOWN_MESSAGES, View, render_page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CITED = PassageSource("p1", "a", "Returns", "https://shop.example/r", ((0, 4),))
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "javascript:alert(1)",
    "\"><iframe src='https://evil.example'>",
    "${alert(1)} {{constructor}} `",
    "</textarea></div><svg/onload=alert(1)>",
)


class Tags(HTMLParser):
    """Collects what a browser would see as elements and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def tags(markup: str) -> Tags:
    parser = Tags()
    parser.feed(markup)
    return parser


def logged(
    sequence: int, role: Role, text: str, sources: tuple[Source, ...] = (), options: tuple[str, ...] = ()
) -> LoggedMessage:
    decision = Decision(Action.ANSWER, "test", 1.0) if role is Role.BOT else None
    return LoggedMessage(sequence, Message(role, text, NOW), decision, sources, options)


def view(*messages: LoggedMessage, owner: Owner = Owner.BOT, age_s: int = 1) -> View:
    settings = ChatSettings(title="Shop <b>", starters=("Where is <my> order?",))
    return View(texts_for("en"), settings, owner, messages, None, NOW + timedelta(seconds=age_s))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("text", HOSTILE)
def test_page_shows_hostile_text_as_text(role: Role, text: str) -> None:
    seen = tags(render_page(view(logged(1, role, text, (CITED,), (text,)))))
    assert not {"script", "img", "iframe"} & set(seen.names)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [value for name, value in seen.attributes if name in {"href", "src"} and value and "script:" in value]


@pytest.mark.parametrize("text", HOSTILE)
def test_passage_shows_hostile_text_as_text(text: str) -> None:
    source = PassageSource("p", "a", text, text, ((0, 3),))
    seen = tags(render_passage(source, Passage("p", "a", text, text, text, 0), texts_for("en"), "1"))
    assert not {"script", "img", "iframe", "svg", "a"} & set(seen.names)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]


def test_citation_opens_the_source_that_it_names() -> None:
    page = render_page(view(logged(2, Role.BOT, "Yes [1], no [2], never [0].", (CITED,))))
    assert page.count('class="fd-cite"') == 1
    assert 'data-act="open" data-sequence="2" data-number="1"' in page
    assert "no [2], never [0]." in page


def test_customers_brackets_are_no_citation() -> None:
    assert "fd-cite" not in render_page(view(logged(1, Role.CUSTOMER, "see [1]", (CITED,))))


def test_only_web_addresses_become_links_and_only_of_the_desk() -> None:
    bot = logged(1, Role.BOT, "See https://a.example/x?y=1&z=2. Or ftp://b.example", (ReplySource("r", 1),))
    page = render_page(view(bot, logged(2, Role.CUSTOMER, "https://mine.example")))
    links = [value for name, value in tags(page).attributes if name == "href"]
    assert "https://a.example/x?y=1&z=2" in links
    assert "https://mine.example" not in links


def test_quick_replies_vanish_when_the_conversation_goes_on() -> None:
    question = logged(1, Role.BOT, "Which?", options=("Track it", "Cancel it"))
    assert render_page(view(question)).count('data-act="send"') == 2
    assert 'data-act="send"' not in render_page(view(question, logged(2, Role.CUSTOMER, "Track it")))


def test_starters_are_offered_only_in_an_empty_conversation() -> None:
    assert "Where is &lt;my&gt; order?" in render_page(view())
    assert "Where is" not in render_page(view(logged(1, Role.CUSTOMER, "hi")))


@pytest.mark.parametrize(
    ("owner", "age_s", "typing"), [(Owner.BOT, 5, True), (Owner.QUEUE, 5, False), (Owner.BOT, 600, False)]
)
def test_typing_shows_while_the_bot_owes_an_answer(owner: Owner, age_s: int, typing: bool) -> None:
    page = render_page(view(logged(1, Role.CUSTOMER, "hi"), owner=owner, age_s=age_s))
    assert ('id="fd-typing"' in page) is typing


def test_person_button_gives_way_to_the_state() -> None:
    assert 'data-act="person"' in render_page(view())
    waiting = render_page(view(owner=Owner.QUEUE))
    assert 'data-act="person"' not in waiting
    assert "Waiting for a person" in waiting


def test_long_conversations_show_their_end() -> None:
    page = render_page(view(*(logged(n, Role.CUSTOMER, f"text-{n};") for n in range(1, SHOWN_MESSAGES + 2))))
    assert "text-1;" not in page
    assert f"text-{SHOWN_MESSAGES + 1};" in page
    assert "Earlier messages" in page


def test_passage_marks_the_quoted_spans() -> None:
    source = PassageSource("p", "a", "T", "C:\\secret\\dir\\returns.md", ((9, 99), (2, 4), (3, 6), (5, 5)))
    panel = render_passage(source, Passage("p", "a", "T", "0123456789", "x", 0), texts_for("en"), "1")
    assert "01<mark>2345</mark>678<mark>9</mark>" in panel
    assert "returns.md" in panel
    assert "secret" not in panel


def test_passage_that_is_gone_says_so() -> None:
    assert texts_for("zh").passage_gone in render_passage(CITED, None, texts_for("zh"), "1")
