"""Fixtures that more than one package's tests use: a tiny shop with a real, really exported bundle.

The bundle is made once a session, from the very model that the parity tests compare it with.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from bot.bootstrap import open_store
from bot.desk import Desk
from bot.publishing import publish_bundle
from bot.storage.migrate import upgrade
from bot.storage.records import ProposedReply

if TYPE_CHECKING:
    from finetune.examples import Dataset
    from finetune.model import TrainedModel

# As `ui.cli` does: two test processes train on the same cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A deadline is a timed test, and other tests run beside these.
hypothesis.settings.register_profile("frontdesk", deadline=None)
hypothesis.settings.load_profile("frontdesk")

SETTINGS = """
title = "Tiny shop"
reply_threshold = 0.5
passage_threshold = 0.97
out_of_scope_threshold = 0.9
"""

RETURNS = """# Returns

You can return anything within 45 days. The return label is free. Put the parcel into any parcel shop.
We check the goods when they arrive.
"""
SHOES = "# Care of boots\n\nBrush the mud off. Wax the leather twice a year. Dry boots slowly and away from a heater.\n"

REPLIES = (
    ProposedReply("r-track", "You can follow your parcel under My account.", ("order_status",), 5),
    ProposedReply("r-order", "Order {order_id} is on its way.", ("order_status",), 2),
    ProposedReply("r-hidden", "We refund at once.", ("refund_status",), 2, ("promise",)),
)
TINY_INTENTS: dict[str, tuple[str, ...]] = {
    "order_status": (
        "where is my order",
        "when will my parcel arrive",
        "has my package been sent",
        "track my order 12345",
        "my delivery is late",
        "the parcel has not arrived yet",
        "how long until my order gets here",
        "order status please",
        "is my parcel on its way",
        "which day does the delivery come",
        "i am still waiting for my package",
        "can you look up my order",
    ),
    "return_item": (
        "i want to return this jacket",
        "how do i send something back",
        "can i return shoes that do not fit",
        "return label please",
        "these boots are too small, i want to send them back",
        "what is your return policy",
        "i would like to give this back",
        "returning a gift",
        "the shirt is too big, how can i return it",
        "send back two items",
        "where do i drop off a return",
        "i do not like the colour, can it go back",
    ),
    "refund_status": (
        "when do i get my money back",
        "my refund has not come",
        "refund status",
        "you still owe me money",
        "how long does a refund take",
        "i have not been refunded",
        "is my refund on its way",
        "the money is not on my account",
        "has the refund been paid",
        "i am waiting for my refund",
        "how much will i be refunded",
        "no refund after two weeks",
    ),
    "change_address": (
        "i moved, change my address",
        "the street number is wrong",
        "please deliver to another address",
        "update my shipping address",
        "wrong postcode on my account",
        "can you ship it to my office instead",
        "new address for my account",
        "i typed the wrong street",
        "deliver it to my neighbour instead",
        "my address has a mistake",
        "i am moving house, new street",
        "correct the house number",
    ),
    "payment_problem": (
        "my card was declined",
        "payment does not go through",
        "i was charged twice",
        "can i pay with paypal",
        "the checkout shows a card error",
        "my credit card is refused",
        "double charge on my card",
        "payment failed",
        "paypal does not work",
        "why was my card refused",
        "the payment page is broken",
        "i cannot pay",
    ),
    "talk_to_person": (
        "i want to talk to a person",
        "give me a human",
        "connect me with an agent",
        "let me speak to somebody",
        "a real person please",
        "can i talk to your staff",
        "human please",
        "i need an agent",
        "stop, i want a human agent",
        "is there somebody i can talk to",
        "let me talk to a colleague",
        "no robot, a person",
    ),
}
TINY_OUT_OF_SCOPE = (
    "what is the capital of france",
    "tell me a joke",
    "who won the football game",
    "write a poem about the sea",
    "how tall is the tower",
    "will it rain tomorrow",
    "play some music",
    "translate this sentence",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests go last: Playwright keeps an event loop in the main thread, where others want one of their own."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def tiny_dataset() -> "Dataset":
    """All rows of the tiny shop; small enough that tests use it as train, dev and calibration alike."""
    from finetune.examples import Dataset, IntentExample

    rows = [IntentExample(text, intent) for intent, texts in TINY_INTENTS.items() for text in texts]
    return Dataset(intents=tuple(rows), out_of_scope=TINY_OUT_OF_SCOPE)


@pytest.fixture(scope="session")
def tiny_trained(tiny_dataset: "Dataset") -> "TrainedModel":
    """A two-layer BERT with its own WordPiece vocabulary that has learnt the tiny shop by heart."""
    import torch
    from transformers import BertConfig, BertModel

    from finetune.model import EncoderModel, TrainedModel

    torch.manual_seed(7)
    torch.set_num_threads(1)
    tokenizer = _tiny_tokenizer([example.text for example in tiny_dataset.intents] + list(TINY_OUT_OF_SCOPE))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    backbone = BertModel(config, add_pooling_layer=False)
    model = EncoderModel(backbone, intents=len(TINY_INTENTS))
    _learn_by_heart(model, tokenizer, tiny_dataset)
    return TrainedModel(
        model=model.eval(),
        tokenizer=tokenizer,
        intents=tuple(TINY_INTENTS),
        sentiments=(),
        languages=("en",),
        base_model="tiny",
        max_tokens=48,
        vector_dim=32,
        output_names=model.output_names,
    )


@pytest.fixture(scope="session")
def tiny_bundle(
    tiny_trained: "TrainedModel", tiny_dataset: "Dataset", tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished bundle of the tiny shop; read-only: copy it before you damage it."""
    from finetune.export import export_bundle
    from finetune.variants import Parts

    made = tmp_path_factory.mktemp("tiny") / "bundle"
    export_bundle(
        tiny_trained, Parts(tiny_dataset, tiny_dataset, tiny_dataset), recipe={"name": "tiny"}, directory=made
    )
    return made


@pytest.fixture(scope="session")
def published_desk(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path) -> Desk:
    """A published desk; two replies are approved, a risky one is only proposed. Copy it before you change it."""
    desk = Desk(tmp_path_factory.mktemp("published") / "desk")
    (desk.directory / "knowledge").mkdir(parents=True)
    (desk.directory / "desk.toml").write_text(SETTINGS, encoding="utf-8")
    (desk.directory / "knowledge" / "returns.md").write_text(RETURNS, encoding="utf-8")
    (desk.directory / "knowledge" / "boots.md").write_text(SHOES, encoding="utf-8")
    settings = desk.settings()
    upgrade(desk.database_url(settings))
    with open_store(desk, settings) as store:
        store.replies.propose(REPLIES)
        store.replies.approve(None, by="Ana")
        publish_bundle(desk, settings, store, tiny_bundle, lambda done, total: None)
    return desk


@pytest.fixture
def bundle_copy(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle that a test may damage."""
    copy = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, copy)
    return copy


def _tiny_tokenizer(texts: list[str]) -> "object":
    from tokenizers import BertWordPieceTokenizer, Tokenizer
    from tokenizers.processors import BertProcessing

    trainer = BertWordPieceTokenizer(lowercase=True)
    trainer.train_from_iterator(texts, vocab_size=400, min_frequency=1, show_progress=False)
    tokenizer = Tokenizer.from_str(trainer.to_str())
    tokenizer.no_padding()
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = BertProcessing(*ends)
    return tokenizer


def _learn_by_heart(model: "object", tokenizer: "object", dataset: "Dataset") -> None:
    import torch
    from torch.nn import functional

    encodings = tokenizer.encode_batch([example.text for example in dataset.intents] + list(dataset.out_of_scope))
    width = max(len(encoding.ids) for encoding in encodings)
    ids = torch.tensor([encoding.ids + [0] * (width - len(encoding.ids)) for encoding in encodings])
    mask = torch.tensor([[1] * len(encoding.ids) + [0] * (width - len(encoding.ids)) for encoding in encodings])
    labels = torch.tensor([list(TINY_INTENTS).index(example.intent) for example in dataset.intents])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(80):
        logits = model(ids, mask)["intent_logits"]
        known, unknown = logits[: len(labels)], logits[len(labels) :]
        uniform = -functional.log_softmax(unknown, dim=1).mean()
        loss = functional.cross_entropy(known, labels) + 0.5 * uniform
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
