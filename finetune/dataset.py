"""The one road into training. First version: values and readers; `build_dataset` follows."""

from finetune.examples import Dataset, IntentExample, QuestionPassage, ReplyPair
from finetune.history.dialogue_file import read_dialogues, write_dialogues
from finetune.intent_files import read_intents, read_out_of_scope

__all__ = [
    "Dataset",
    "IntentExample",
    "QuestionPassage",
    "ReplyPair",
    "read_dialogues",
    "read_intents",
    "read_out_of_scope",
    "write_dialogues",
]
