import pytest

from bot.storage.store import Store


@pytest.fixture
def filled(store: Store, conversation_id: str) -> Store:
    for number, text in enumerate(
        [
            "Where is my café order?",
            "The RETURN label doesn't print, order 4711",
            "我的快递什么时候到",
            "注文した靴をキャンセルしたい",
            "Please don't call me",
        ]
    ):
        store.conversations.append_customer(conversation_id, text, f"m{number}")
    return store


def found(store: Store, query: str, limit: int = 50) -> list[int]:
    return [hit.sequence for hit in store.conversations.search(query, limit=limit)]


@pytest.mark.parametrize(
    ("query", "sequences"),
    [
        ("order", [2, 1]),
        ("ORDER café", [1]),
        ("return 4711", [2]),
        ("快递", [3]),
        ("时候到", [3]),
        ("キャンセル", [4]),
        ("don't", [5]),
        ("dont", [5]),
        ("快餐", []),
        ("ord", []),
        ("order nothing", []),
        ("", []),
        ("  ?!  ", []),
    ],
)
def test_search_finds_all_words_newest_first(filled: Store, query: str, sequences: list[int]) -> None:
    assert found(filled, query) == sequences


@pytest.mark.parametrize(
    "query",
    ['"', '"order', "NEAR(", "NEAR(order, 2)", "*", "ord*", "-order", "search_tokens:order", "order AND", "OR NOT", "^",
     "'", "\\", "order & | ! <->", ":*", "\0", "order\0", "\ud800", "%", "{a b}:", "(((", "x" * 100_000, "🙂" * 5000,
     "'; DROP TABLE messages; --", " ".join(f"w{n}" for n in range(5000))],
)  # fmt: skip
def test_search_syntax_gives_hits_or_nothing_but_no_error(filled: Store, query: str) -> None:
    assert isinstance(filled.conversations.search(query), list)
    assert found(filled, "order") == [2, 1]


@pytest.mark.parametrize("query", ['"order"', "order*", "-order", "(order)", "order:"])
def test_search_syntax_has_no_meaning(filled: Store, query: str) -> None:
    assert found(filled, query) == [2, 1]


def test_search_gives_no_more_than_its_limit(filled: Store) -> None:
    assert found(filled, "order", limit=1) == [2]
    assert found(filled, "order", limit=0) == []


def test_search_finds_a_message_of_one_huge_word_and_of_very_many(store: Store, conversation_id: str) -> None:
    store.conversations.append_customer(conversation_id, "x" * 50_000, "m1")
    store.conversations.append_customer(conversation_id, " ".join(f"w{number}" for number in range(14_000)), "m2")
    store.conversations.append_customer(conversation_id, "".join(map(chr, range(0x4E00, 0x4E00 + 20_000))), "m3")
    assert found(store, "x" * 50_000) == [1]
    assert found(store, "w7 w4999") == [2]
    assert found(store, "\u4e00\u4e01") == [3]
