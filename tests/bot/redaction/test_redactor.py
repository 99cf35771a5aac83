"""One conversation's texts: what is hidden, what stays, the numbers of placeholders, and redacting again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import RedactionError
from bot.redaction.redactor import ConversationRedactor, redact
from bot.redaction.values import Kind, Participants, RedactionRules

HIDDEN = [
    ("Write to anna.smith+shop@post.example, please.", "Write to [EMAIL_1], please."),
    ("我的邮箱是anna@post.example谢谢", "我的邮箱是[EMAIL_1]谢谢"),
    ("it is anna (at) post (dot) example", "it is [EMAIL_1]"),
    ("Call +49 30 1234567 or (555) 123-4567 x99", "Call [PHONE_1] or [PHONE_2]"),
    ("电话13800138000", "电话[PHONE_1]"),
    ("card 4111 1111 1111 1111, exp 12/27", "card [CARD_1], exp 12/27"),
    ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [ACCOUNT_1] please"),
    ("my BIC is COBADEFFXXX", "my BIC is [ACCOUNT_1]"),
    ("SSN 123-45-6789", "SSN [ID_1]"),
    ("mon numéro 2 55 08 14 168 025 38", "mon numéro [ID_1]"),
    ("codice fiscale RSSMRA85T10A562S", "codice fiscale [ID_1]"),
    ("from 192.168.1.12 and 2001:db8::1", "from [IP_1] and [IP_2]"),
    ("open https://shop.example/reset?token=abc.", "open [LINK_1]."),
    ("open https://anna:pw@shop.example/", "open [LINK_1]"),
    ("order AB-12345 and booking number X7K2P9", "order [ORDER_1] and booking number [ORDER_2]"),
    ("I live at 12 Long Meadow Lane, Flat 3, Leeds LS1 4AP. Thanks", "I live at [ADDRESS_1]. Thanks"),
    ("Meine Adresse: Hauptstraße 5, 10115 Berlin.", "Meine Adresse: [ADDRESS_1]."),
    ("12, rue de la Paix 75002 Paris", "[ADDRESS_1]"),
    ("Calle de la Luna 45, 28014 Madrid", "[ADDRESS_1]"),
    ("come to 12 main street now", "come to [ADDRESS_1] now"),
    ("Hi Anna, thanks", "Hi [NAME_1], thanks"),
    ("Dear Mr. van der Berg, hello", "Dear Mr. [NAME_1], hello"),
    ("my name is jordan peters and I wait", "my name is [NAME_1] and I wait"),
    ("Kind regards,\nJordan Peters", "Kind regards,\n[NAME_1]"),
    ("我叫王小明", "我叫[NAME_1]"),
    ("serial 7312345678901", "serial [NUMBER_1]"),
]
KEPT = [
    "I paid $1,200.00 on 12/05/2024 at 10:30 for 3 nights and 2 people",
    "1 200 000 kr, 2019-2020, version 1.2.3.4, size 42, room 12, 100%",
    "Hello {customer_name}, order {order_id} goes to {email}",
    "see https://shop.example/help/returns and www.shop.example/size?colour=red",
    "Hi there, how are you? Thanks again! Good morning all.",
    "I am not sure. I'm looking for 5 minutes down the road. My name is on the list.",
    "the 3 day pass for 20 people in 2 rooms",
]


@pytest.mark.parametrize(("text", "hidden"), HIDDEN)
def test_value_is_hidden(text: str, hidden: str) -> None:
    assert redact([text]).texts == (hidden,)


@pytest.mark.parametrize("text", KEPT)
def test_what_belongs_to_nobody_stays(text: str) -> None:
    assert redact([text]).texts == (text,)


def test_same_value_has_the_same_number_in_a_conversation() -> None:
    texts = ["I am at anna@post.example", "or bo@post.example, not ANNA@post.example", "+49 30 1234567, 0049301234567"]
    redacted = redact(texts)
    assert redacted.texts == ("I am at [EMAIL_1]", "or [EMAIL_2], not [EMAIL_1]", "[PHONE_1], [PHONE_1]")
    assert redacted.counts == {Kind.EMAIL: 3, Kind.PHONE: 2}


def test_known_people_are_hidden_by_whole_name_and_by_part_and_apart_from_agents() -> None:
    known = Participants(("Anna Mae Schmidt",), ("Kim Lee",))
    redacted = redact(["anna here, kim said so", "Anna Mae Schmidt. Will Mae come?", "Kim Lee wrote"], known)
    assert redacted.texts == ("[NAME_1] here, [AGENT_1] said so", "[NAME_1]. Will [NAME_1] come?", "[AGENT_1] wrote")


def test_name_that_is_given_later_is_hidden_before() -> None:
    assert redact(["Jordan wants it back", "my name is Jordan"]).texts == (
        "[NAME_1] wants it back",
        "my name is [NAME_1]",
    )


def test_numbers_of_placeholders_that_were_there_are_not_given_again() -> None:
    assert redact(["[EMAIL_3] wrote to anna@post.example"]).texts == ("[EMAIL_3] wrote to [EMAIL_4]",)


def test_messages_in_order_share_their_numbers() -> None:
    redactor = ConversationRedactor()
    assert [redactor.redact(text) for text in ("a@post.example", "b@post.example", "a@post.example")] == [
        "[EMAIL_1]", "[EMAIL_2]", "[EMAIL_1]",
    ]  # fmt: skip


def test_desks_own_patterns_and_contacts_count() -> None:
    rules = RedactionRules((r"(?i)\bref (tt\d{3})\b",), ("help@shop.example",))
    text = "ref TT123: help@shop.example says so"
    assert redact([text], rules=rules).texts == ("ref [ORDER_1]: help@shop.example says so",)


@pytest.mark.parametrize("pattern", ["(", "x*", "(a|a)*$|(a+)+b"])
def test_pattern_that_cannot_be_used_is_said_and_nothing_goes_on(pattern: str) -> None:
    with pytest.raises(RedactionError, match="order pattern"):
        redact(["a" * 5000 + "!"], rules=RedactionRules((pattern,)))


PIECES = st.sampled_from(
    ["anna@post.example", "+49 30 1234567", "12 Main Street", "Hi Anna,", "my name is", "Bo Lee", "[NAME_1]", "Mr",
     "4111111111111111", "order", "AB-12345", "192.168.1.1", "LS1 4AP", "Hauptstraße 5", "regards", "\n", ".", "12",
     "{order_id}"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=8).map(" ".join), max_size=3))
def test_redacting_again_changes_nothing(texts: list[str]) -> None:
    known = Participants(("Anna Schmidt",), ("Bo",))
    once = redact(texts, known)
    again = redact(once.texts, known)
    assert again.texts == once.texts
    assert not again.counts
