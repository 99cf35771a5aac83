"""What in a text a person must look at before customers may read it. Knows no replies and no approval."""

import re
from collections.abc import Iterable

from bot.redaction.redactor import PLACEHOLDER, find

PERSONAL = "personal"
"""The risk of a text that names somebody, or something of theirs."""
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|ten|few|couple(?: of)?)(?:\s?[-–]\s?\d+| to \w+)?"
_SPAN = r"(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"
_DEEDS = r"(?:send|credit|replace|ship|call|pay|give|deliver|cancel|fix|make sure|ensure|contact|e-?mail|get back)"
_RISKS = {
    "amount": re.compile(
        r"[$€£¥₹]\s?\d|\b\d[\d.,]*\s?(?:dollars?|euros?|pounds?|usd|eur|gbp|cny|rmb|percent|miles|points)\b|"
        r"\d\s?(?:%|元|€|£)",
        re.IGNORECASE,
    ),
    "date": re.compile(
        r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?\b|\b\d{1,2}:\d{2}|\b\d{1,2}\s?[ap]\.?m\b|"
        rf"\b{_MONTH}\.?\s+\d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b|"
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:today|tonight|tomorrow|yesterday)\b|"
        rf"\b{_COUNT}\s+(?:business |working )?{_SPAN}\b|"
        r"[\d一二三四五六七八九十]+\s?个?(?:月|日|天|小时|分钟|周)|今天|明天",
        re.IGNORECASE,
    ),
    "promise": re.compile(
        r"\b(?:refund\w*|guarantee\w*|promis\w+|compensat\w+|reimburs\w+|vouchers?|credited|waiv\w+|free of charge|"
        rf"(?:i|we)(?:['’]ll| will| shall)\s+(?:\w+\s+)?{_DEEDS}|"
        r"you(?:['’]ll| will)\s+(?:\w+\s+)?(?:receive|get|be (?:paid|credited|contacted|called|compensated)))\b|"
        r"退款|保证|承诺|赔偿|一定会",
        re.IGNORECASE,
    ),
    "number": re.compile(r"\d{4,}"),
}


def risks_of(text: str, contacts: Iterable[str] = ()) -> tuple[str, ...]:
    """Why a person must look at this text before it is sent: amount, date, promise, number, personal (in this order).

    Contacts of the company are no such reason. What redaction would hide, or has hidden, is personal.
    """
    for contact in contacts:
        text = text.replace(contact, " ")
    reasons = [reason for reason, pattern in _RISKS.items() if pattern.search(text)]
    if PLACEHOLDER.search(text) or find(text):
        reasons.append(PERSONAL)
    return tuple(reasons)
