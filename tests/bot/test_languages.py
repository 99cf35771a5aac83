import pytest

from bot.languages import foreign_reason

ENGLISH = [
    "ok",
    "?",
    "",
    "12345",
    "whre is my oder #A-88213-XK",
    "😀😀😀😀😀😀",
    "thx 🙏🙏🙏",
    "my name is José Müller, where is my parcel",
    "I live in São Paulo, do you ship there?",
    "my name is 王伟 and my order is late",
    "is the café open on Sundays",
    "no no no",
    "SOS",
    "the los angeles store, is it in el cajon or la jolla",
    "que sera sera",
    "𝓽𝓱𝓪𝓷𝓴 𝔂𝓸𝓾",
    "can i return die cast cars",
    "null",
]
FOREIGN = [
    ("我的包裹在哪里", "script CJK"),
    ("我的 iPhone 还没到", "script CJK"),
    ("注文した商品はいつ届きますか", "script"),
    ("где мой заказ", "script CYRILLIC"),
    ("أين طلبي", "script ARABIC"),
    ("제 주문은 어디에 있나요", "script HANGUL"),
    ("πού είναι η παραγγελία μου", "script GREEK"),
    ("wo ist meine Bestellung, ich warte seit einer Woche", "words of de"),
    ("je ne trouve pas ma commande", "words of fr"),
    ("¿dónde está mi pedido? gracias", "words of es"),
    ("dove è il mio ordine", "words of it"),
    ("onde está meu pedido", "words of pt"),
    ("waar is mijn bestelling, ik heb nog niet ontvangen", "words of nl"),
]


@pytest.mark.parametrize("text", ENGLISH)
def test_foreign_reason_leaves_english_alone(text: str) -> None:
    assert foreign_reason(text, ["en"], 0.0) is None


@pytest.mark.parametrize(("text", "reason"), FOREIGN)
def test_foreign_reason_names_script_or_words(text: str, reason: str) -> None:
    found = foreign_reason(text, ["en"], 0.0)
    assert found is not None
    assert found.startswith(reason)


def test_foreign_reason_ignores_unknown_emoji_around_known_letters() -> None:
    assert foreign_reason("ok 😀😀😀😀😀😀", ["en"], 0.9) is None


def test_foreign_reason_reports_own_script_that_the_vocabulary_does_not_know() -> None:
    assert foreign_reason("我的包裹在哪里", ["zh"], 0.9) == "unknown words 90%"
    assert foreign_reason("我的包裹在哪里", ["zh"], 0.1) is None


def test_foreign_reason_judges_by_the_bundles_own_languages() -> None:
    assert foreign_reason("wo ist meine Bestellung, ich warte", ["en", "de"], 0.0) is None
    assert foreign_reason("where is my order", ["zh"], 0.0) == "script LATIN"
    assert foreign_reason("where is my order", ["en-GB"], 0.0) is None


def test_foreign_reason_says_nothing_for_a_language_it_cannot_judge() -> None:
    assert foreign_reason("где мой заказ", ["xx"], 0.0) is None


def test_foreign_reason_reads_a_megabyte_quickly() -> None:
    assert foreign_reason("a" * 1_000_000, ["en"], 0.0) is None
