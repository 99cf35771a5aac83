"""The customer's main paths in a real browser, against the fake desk."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.values import Owner, Role
from ui.app import create_app


def ask(page: Any, text: str) -> None:
    page.fill("#fd-text", text)
    page.keyboard.press("Enter")


def conversation_of(site: Any) -> str:
    return str(next(iter(site.desk.store.conversations.logs)))


def test_ask_see_typing_read_the_cited_answer_open_the_passage_reload(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    shot(page, "chat-start")
    site.desk.delivery.gate.clear()
    ask(page, "Can I return shoes?")
    page.wait_for_selector("#fd-typing")
    assert page.input_value("#fd-text") == ""
    shot(page, "chat-typing")
    site.desk.delivery.gate.set()
    page.wait_for_selector(".fd-cite")
    assert page.locator("#fd-typing").count() == 0
    shot(page, "chat-answer")
    page.click(".fd-cite")
    page.wait_for_selector(".fd-sheet mark")
    assert page.locator(".fd-sheet h2").inner_text() == "Returns > How long"
    shot(page, "chat-passage")
    page.keyboard.press("Escape")
    page.wait_for_selector(".fd-passage", state="hidden")
    page.click(".fd-source")
    page.wait_for_selector(".fd-sheet")
    page.click(".fd-close")
    page.reload()
    page.wait_for_selector(".fd-cite")
    assert page.locator(".fd-row.fd-customer .fd-text").all_inner_texts() == ["Can I return shoes?"]
    assert page.failures == []


def test_conversation_survives_a_restart_of_the_server(desk: Any, serving_at: Any, open_chat: Any) -> None:
    with serving_at(create_app(desk.services())) as address:
        page = open_chat(address)
        ask(page, "Can I return shoes?")
        page.wait_for_selector(".fd-cite")
        port = urlsplit(address).port
    page.wait_for_selector("#fd-banner:not([hidden])")
    ask(page, "And where is my order?")
    with serving_at(create_app(desk.services()), port):
        page.wait_for_selector(".fd-approved", timeout=30_000)
        assert page.locator(".fd-row.fd-customer").count() == 2
        page.wait_for_selector("#fd-banner", state="hidden")
        page.reload()
        page.wait_for_selector(".fd-approved")
        assert page.locator(".fd-row.fd-customer").count() == 2


def test_starters_and_quick_replies_send_their_text(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    page.click("text=Where is my order?")
    page.wait_for_selector(".fd-approved")
    assert page.locator(".fd-starters").count() == 0
    ask(page, "something unclear")
    page.wait_for_selector(".fd-options")
    shot(page, "chat-clarify")
    page.click("text=Track my order")
    page.wait_for_selector(".fd-options", state="detached")
    texts = [logged.message.text for logged in site.desk.store.conversations.logs[conversation_of(site)]]
    assert "Track my order" in texts


def test_thumbs_with_a_comment(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    ask(page, "Can I return shoes?")
    page.click(".fd-thumb.fd-down")
    page.wait_for_selector(".fd-comment")
    shot(page, "chat-comment")
    page.fill(".fd-comment input", "I meant slippers")
    page.click(".fd-comment button")
    page.wait_for_selector(".fd-thanks")
    assert page.get_attribute(".fd-thumb.fd-down", "aria-pressed") == "true"
    feedback = site.desk.store.conversations.logs[conversation_of(site)][1].feedback
    assert (feedback.helpful, feedback.comment) == (False, "I meant slippers")


def test_talk_to_a_person_and_hear_from_them(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    page.click(".fd-person")
    page.wait_for_selector(".fd-status.fd-queue")
    shot(page, "chat-waiting")
    conversations = site.desk.store.conversations
    conversations.owners[conversation_of(site)] = Owner.AGENT
    conversations.append(conversation_of(site), Role.AGENT, "Hello, this is Ada. How can I help?")
    page.wait_for_selector(".fd-row.fd-agent")
    assert page.locator(".fd-status").inner_text() == "A person is with you"
    shot(page, "chat-agent")


def test_an_unsent_draft_survives_a_reload(site: Any, open_chat: Any) -> None:
    page = open_chat(site.address)
    page.type("#fd-text", "half a quest")
    page.reload()
    page.wait_for_selector("#fd-composer")
    page.wait_for_function("document.querySelector('#fd-text').value === 'half a quest'")
    assert site.desk.store.conversations.logs == {}


def test_two_tabs_show_one_conversation(site: Any, open_chat: Any) -> None:
    page = open_chat(site.address)
    ask(page, "Can I return shoes?")
    page.wait_for_selector(".fd-cite")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".fd-cite")
    ask(other, "Where is my order?")
    other.wait_for_selector(".fd-approved")
    page.wait_for_selector(".fd-approved")
    assert page.locator(".fd-row.fd-customer").count() == 2


@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_chinese_by_the_browser_and_english_by_wish(site: Any, open_chat: Any, shot: Any, query: str) -> None:
    page = open_chat(site.address, locale="zh-CN", query=query)
    expected = "Write a message" if query else "请输入消息"
    assert page.get_attribute("#fd-text", "placeholder") == expected
    assert page.evaluate("document.documentElement.lang") == ("en" if query else "zh")
    shot(page, "chat-chinese" + query[-2:])


def test_phone_width_needs_no_sideways_scrolling(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address, width=390, height=844)
    ask(page, "Can I return " + "w" * 200 + "?")
    page.click(".fd-thumb.fd-up")
    page.wait_for_selector(".fd-comment")
    widths = page.evaluate("[document.documentElement.scrollWidth, document.querySelector('#fd-thread').scrollWidth]")
    assert max(widths) <= 390
    assert page.locator(".fd-send").bounding_box()["x"] + 44 <= 390
    shot(page, "chat-phone")
    page.click(".fd-cite")
    page.wait_for_selector(".fd-sheet")
    shot(page, "chat-phone-passage")


HOSTILE = (
    '<img src="https://evil.example/a.png" onerror="alert(1)"><script>alert(2)</script> '
    "![x](https://evil.example/b.png) [click](javascript:alert(3)) ${alert(4)} {{alert(5)}} echo"
)


def test_hostile_texts_are_inert_and_nothing_is_asked_of_others(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    ask(page, HOSTILE)
    page.wait_for_selector(".fd-approved")
    conversations = site.desk.store.conversations
    conversations.append(conversation_of(site), Role.AGENT, HOSTILE)
    page.wait_for_selector(".fd-row.fd-agent")
    assert page.locator(".fd-text").all_inner_texts()[1:] == [HOSTILE] * 3
    assert page.locator(".fd-thread img, .fd-thread script, .fd-thread a[href^='javascript']").count() == 0
    shot(page, "chat-hostile")
    assert page.failures == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith("data:")} == {"127.0.0.1"}


def test_refused_texts_stay_in_the_box(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    ask(page, "x" * 4001)
    page.wait_for_selector(".fd-notice:has-text('longer than 4000')")
    page.wait_for_function("document.querySelector('#fd-text').value.length === 4001")
    shot(page, "chat-too-long")
    page.fill("#fd-text", "Can I return shoes?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".fd-cite")


def test_an_error_shows_a_reference_and_the_message_is_sent_again(site: Any, open_chat: Any, shot: Any) -> None:
    page = open_chat(site.address)
    site.desk.delivery.failure = RuntimeError("password=hunter2")
    ask(page, "Can I return shoes?")
    page.wait_for_selector(".fd-notice:has-text('Reference')")
    shot(page, "chat-error")
    assert "hunter2" not in page.content()
    site.desk.delivery.failure = None
    page.wait_for_selector(".fd-cite", timeout=40_000)
    assert page.locator(".fd-row.fd-customer").count() == 1


def test_enter_that_ends_a_composition_does_not_send(site: Any, open_chat: Any) -> None:
    page = open_chat(site.address)
    page.fill("#fd-text", "你好")
    page.evaluate(
        "document.querySelector('#fd-text').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    assert page.input_value("#fd-text") == "你好"


def test_chat_works_under_its_policy_and_injected_scripts_do_not_run(site: Any, open_chat: Any) -> None:
    page = open_chat(site.address)
    ask(page, "Can I return shoes?")
    page.click(".fd-cite")
    page.wait_for_selector(".fd-sheet mark")
    page.wait_for_timeout(700)
    assert page.failures == []
    assert {urlsplit(url).hostname for url in page.asked if not url.startswith("data:")} == {"127.0.0.1"}
    ran = page.evaluate(
        "() => { const script = document.createElement('script'); script.textContent = 'window.injected = 1';"
        "document.head.append(script); const box = document.createElement('div');"
        "box.innerHTML = '<img src=/nowhere onerror=\"window.injected = 2\">'; document.body.append(box);"
        "return new Promise((done) => setTimeout(() => done(window.injected), 500)); }"
    )
    assert ran is None
    assert page.evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'refused')") == "refused"
    assert len(page.failures) >= 3


def test_two_messages_at_once_begin_one_conversation(site: Any, open_chat: Any) -> None:
    page = open_chat(site.address)
    ask(page, "Can I return shoes?")
    ask(page, "Where is my order?")
    page.wait_for_selector(".fd-row.fd-bot .fd-approved")
    assert page.locator(".fd-row.fd-customer").count() == 2
    assert len(site.desk.store.conversations.logs) == 1
