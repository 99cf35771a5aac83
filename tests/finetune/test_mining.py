"""Replies mined from agents' turns, and the file that a person edits."""

import json
from pathlib import Path

import pytest

from bot.risks import risks_of
from bot.values import Role
from finetune.dialogues import Dialogue, DialogueMessage
from finetune.errors import DataError
from finetune.filler import is_filler
from finetune.masking import Masking, mask
from finetune.mining import MiningReport, mine_replies, reply_id_of
from finetune.replies_file import MinedReply, read_replies, write_replies


def _talk(number: int, question: str, answer: str, *later: str, intent: str | None = None) -> Dialogue:
    messages = [DialogueMessage(Role.CUSTOMER, question, intent=intent), DialogueMessage(Role.AGENT, answer)]
    messages += [DialogueMessage(Role.CUSTOMER, text) for text in later]
    return Dialogue(str(number), tuple(messages))


def test_equal_and_nearly_equal_answers_become_one_reply() -> None:
    answer = "You can return any pair of shoes in its box at each of our shops"
    dialogues = [
        _talk(1, "shoes too small", f"Hi Anna, {answer}. *TMT", "thank you", intent="return"),
        _talk(2, "wrong size", f"Hi Boris, {answer}! ^AB", intent="return"),
        _talk(3, "give back", f"Hi Carla, {answer.replace('each', 'any')}.", intent="exchange"),
    ]
    (reply,) = mine_replies(dialogues)
    assert reply.text == f"{answer}."
    assert (reply.intents, reply.frequency, reply.variables) == (("return", "exchange"), 3, ())
    assert reply.weight == pytest.approx((1.6 + 1.1 + 1.1) / 3, abs=0.001)
    assert reply.risky == ()


def test_a_first_name_that_agents_sign_with_goes_and_one_that_belongs_to_the_text_stays() -> None:
    dialogues = [_talk(n, "my tent", f"Pole number {n} is on its way to the shelf. Kim") for n in range(3)]
    dialogues.append(_talk(9, "which one", "The best tent for the wind is our Wasdale. Buttermere"))
    texts = {reply.text for reply in mine_replies(dialogues)}
    assert not any(text.endswith("Kim") for text in texts)
    assert any(text.endswith("Buttermere") for text in texts)


def test_a_common_wording_without_variables_is_preferred() -> None:
    plain = "Thanks for the photo, that is how we will find your lost blue bag"
    dialogues = [_talk(n, "my bag", plain) for n in range(2)]
    dialogues += [_talk(n, "my bag", f"Hi Anna, {plain}") for n in range(2, 5)]
    (reply,) = mine_replies(dialogues)
    assert (reply.text, reply.frequency) == (plain, 5)


def test_rare_replies_of_a_large_log_go_unless_a_label_speaks_for_them() -> None:
    report = MiningReport()
    dialogues = [
        _talk(1, "q", "Ship it back to us"),
        _talk(2, "q", "Open the door slowly", intent="door"),
        _talk(3, "q", "Read the manual", "that is useless", intent="door"),
        _talk(4, "q", "^AB"),
        _talk(5, "q", "Press the button"),
        _talk(6, "q", "press the button!"),
    ]
    assert {reply.text for reply in mine_replies(dialogues, min_frequency=2, report=report)} == {
        "Open the door slowly",
        "Press the button",
    }
    assert report.rare == 2
    assert len(mine_replies(dialogues)) == 4


def test_result_does_not_depend_on_the_order_of_dialogues() -> None:
    dialogues = [
        _talk(n, "q", f"Please open box number {n % 3} and look for the small red label in it") for n in range(9)
    ]
    assert mine_replies(dialogues) == mine_replies(dialogues[::-1])


def test_placeholders_of_a_redacted_log_become_variables() -> None:
    text = "Hi [NAME_1], my name is [NAME_2]. Order [ORDER_1] goes to [EMAIL_3], card [CARD_1]."
    masked = mask(text, Masking(frozenset(), frozenset()))
    assert masked == "My name is {agent_name}. Order {order_id} goes to {email}, card [CARD_1]."
    assert risks_of(masked) == ("personal",)


def test_company_contacts_stay_and_others_are_masked() -> None:
    dialogues = [_talk(n, "q", f"Write to help@shop.example about topic {'abc'[n]}") for n in range(3)]
    dialogues.append(_talk(9, "q", "I wrote to jo@mail.example and called +49 170 1234567"))
    texts = {reply.text for reply in mine_replies(dialogues)}
    assert "I wrote to {email} and called {phone}" in texts
    assert any(text.startswith("Write to help@shop.example about") for text in texts)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Hello Anna-Lena, all done", "All done"),
        ("Dear Mr. Miller, all done", "All done"),
        ("Hi there, all done", "All done"),
        ("Hi, Unfortunately, no", "Unfortunately, no"),
        ("Thank you Zoë Braun.", "Thank you {customer_name}."),
        ("All done, Boris!", "All done, {customer_name}!"),
        ("It is in Paris, Texas!", "It is in Paris, Texas!"),
        ("My name is Kim and I can help", "My name is {agent_name} and I can help"),
        ("@12345 Order AB-1234567 is packed", "Order {order_id} is packed"),
        ("Your order number is 99812.", "Your order number is {order_id}."),
        ("See booking #QX12Z9 and #4455", "See booking #{order_id} and #{order_id}"),
        ("Call +1 (800) 555 1234 or 800-555-1234", "Call {phone} or {phone}"),
        ("From 2026-01-02 to 31.12.2026", "From 2026-01-02 to 31.12.2026"),
        ("In order to pay, log in", "In order to pay, log in"),
        ("王先生，已发货", "{customer_name}，已发货"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask(text, Masking(frozenset({"Boris"}), frozenset())) == masked


@pytest.mark.parametrize(
    ("text", "risks"),
    [
        ("You can return it in our shop", ()),
        ("That is $5 off", ("amount",)),
        ("It costs 12 euros", ("amount",)),
        ("Within 3 days", ("date",)),
        ("It leaves at 1:45p", ("date",)),
        ("On Friday", ("date",)),
        ("I will refund you", ("promise",)),
        ("We guarantee it", ("promise",)),
        ("You'll receive 20 % by May 5", ("amount", "date", "promise")),
        ("Flight 1403 is full", ("number",)),
        ("我们会在3天内退款", ("date", "promise")),
    ],
)
def test_risks(text: str, risks: tuple[str, ...]) -> None:
    assert risks_of(text) == risks


def test_a_contact_of_the_company_is_no_risk() -> None:
    assert risks_of("Call 800-555-1234", {"800-555-1234"}) == ()


@pytest.mark.parametrize(
    ("text", "filler"),
    [
        ("One moment please.", True),
        ("Hi {customer_name}, let me check that for you!", True),
        ("You're welcome. Have a great day! 😊", True),
        ("请稍等。", True),
        ("One moment please. Your parcel is in Kiel.", False),
        ("Let me check your seat map with the crew", False),
        ("Please send us your booking code", False),
    ],
)
def test_filler(text: str, filler: bool) -> None:
    assert is_filler(text) is filler
    (reply,) = mine_replies([_talk(1, "q", text)])
    assert ("filler" in reply.risky) is filler


def test_hostile_texts_do_not_stall_the_patterns() -> None:
    for text in ("a " * 50_000, "1-" * 50_000, "sorry " * 20_000, "@" * 100_000, "Hi Anna " * 12_000):
        mask(text, Masking(frozenset(), frozenset()))
        risks_of(text)
        is_filler(text)


def test_reply_id_is_that_of_the_words() -> None:
    assert reply_id_of("All done!") == reply_id_of("all DONE")
    assert reply_id_of("All done!") != reply_id_of("not done")
    assert len(reply_id_of("x")) == 16


def test_replies_file_gives_back_what_was_written_and_what_was_edited(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    reply = MinedReply("id1", "Order {order_id} left", ("a", "b"), 4, 1.25, ("order_id",), ("date",))
    assert write_replies(path, [reply]) == 1
    assert read_replies(path) == (reply,)
    path.write_text(json.dumps({**json.loads(path.read_text()), "text": "Dear {customer_name}"}))
    assert read_replies(path)[0].variables == ("customer_name",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a reply"),
        ("[]", "not a JSON object"),
        ('{"reply_id": "2", "text": " "}', "text must be a text"),
        ('{"reply_id": "2", "text": "x", "intents": "a"}', "intents must be a list of texts"),
        ('{"reply_id": "2", "text": "x", "frequency": -1}', "frequency must be a whole number"),
        ('{"reply_id": "2", "text": "x", "weight": "heavy"}', "weight must be a number"),
        ('{"reply_id": "1", "text": "x"}', "occurs twice"),
    ],
)
def test_replies_file_errors_name_the_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"reply_id": "1", "text": "x"}\n\n' + line)
    with pytest.raises(DataError, match=f"line 3: .*{message}"):
        read_replies(path)
