"""How good a reply was, judged by how its conversation went on. Knows no model and no labels.

A reply starts at 1 and is multiplied: 1.6 where the customer thanks right after it, 1.2 where they do so later on, 1.1
where nothing more came (closed), 0.5 where they say much the same again, 0.5 where they complain; the product is kept
within 0.25 to 2.
"""

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from bot.values import Role
from finetune.cleaning import comparable
from finetune.turns import Turn

LEAST_WEIGHT, MOST_WEIGHT = 0.25, 2.0
_THANKED, _THANKED_LATER, _CLOSED, _REPEATED, _COMPLAINED = 1.6, 1.2, 1.1, 0.5, 0.5
_REPEAT_WORDS = 4
_REPEAT_SIMILARITY = 80.0

_THANKS = re.compile(
    r"\b(?<!no )(?:thanks|thank\s+(?:you|u)|thankyou|thx|ty|cheers|appreciate\s+(?:it|that|your|the)|much appreciated|"
    r"that (?:worked|works|helps|helped)|solved|perfect|awesome|got it|merci|danke|gracias|obrigad[oa]|grazie)\b"
    r"|谢谢|感谢|多谢|解决了|ありがとう",
    re.IGNORECASE,
)
_COMPLAINT = re.compile(
    r"\b(?:no thanks|thanks for nothing|not helpful|unhelpful|useless|ridiculous|unacceptable|worst|terrible|horrible|"
    r"awful|pathetic|joke|disgrace\w*|never again|still (?:not|no|nothing|waiting|haven'?t|doesn'?t|can'?t)|"
    r"(?:did|does|do)(?:n'?t| not) (?:help|work|answer)|(?:that'?s|that is|this is) not (?:what|an answer|good enough)|"
    r"already (?:told|said|tried|did|done)|frustrat\w+|disappoint\w+|fed up|wtf|smh)\b"
    r"|没有?用|太差|投诉|差评|还是不行|失望",
    re.IGNORECASE,
)


def reply_weight(turns: Sequence[Turn], place: int) -> float:
    """Weight of the agent's turn at this place.

    Args:
        turns: the whole conversation.
        place: index of the agent's turn in it.

    Returns:
        0.25 to 2.
    """
    earlier = [turn.text for turn in turns[:place] if turn.role is Role.CUSTOMER]
    later = [turn.text for turn in turns[place + 1 :] if turn.role is Role.CUSTOMER]
    weight = 1.0
    if not later:
        weight *= _CLOSED
    else:
        complained = bool(_COMPLAINT.search(later[0]))
        if complained:
            weight *= _COMPLAINED
        elif _THANKS.search(later[0]):
            weight *= _THANKED
        elif _THANKS.search(later[-1]) and not _COMPLAINT.search(later[-1]):
            weight *= _THANKED_LATER
        if _repeats(later[0], earlier):
            weight *= _REPEATED
    return min(max(weight, LEAST_WEIGHT), MOST_WEIGHT)


def _repeats(text: str, earlier: Sequence[str]) -> bool:
    form = comparable(text)
    if form.count(" ") + 1 < _REPEAT_WORDS:
        return False
    return any(fuzz.token_sort_ratio(form, comparable(other)) >= _REPEAT_SIMILARITY for other in earlier)
