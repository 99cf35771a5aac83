"""The desk's own few sentences, by language: it says nothing else that no person approved. Knows no models."""

from collections.abc import Mapping
from types import MappingProxyType

_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "clarify_intents": "I want to get this right. Which of these do you mean?",
        "clarify_articles": "I found two articles that may help. Which one do you mean?",
        "clarify_rephrase": "I am not sure that I understood you. Could you say it in other words?",
        "wish_for_person": "I would like to talk to a person.",
        "asked_for_person": "I am passing you to a colleague. They can read what you wrote here.",
        "out_of_scope": "I can't help with that, so I am passing you to a colleague.",
        "not_understood": "I still don't understand, so I am passing you to a colleague.",
        "foreign_language": "I don't know this language well enough, so I am passing you to a colleague.",
        "model_failure": "Something went wrong on my side, so I am passing you to a colleague.",
    }
)
_CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "clarify_intents": "我想确认一下，您指的是哪一个？",
        "clarify_articles": "我找到两篇可能有帮助的文章，您指的是哪一篇？",
        "clarify_rephrase": "我不太确定您的意思，能换一种说法吗？",
        "wish_for_person": "我想转人工客服。",
        "asked_for_person": "正在为您转接人工客服，他们可以看到您写的内容。",
        "out_of_scope": "这个问题我帮不上忙，正在为您转接人工客服。",
        "not_understood": "抱歉，我还是没有理解，正在为您转接人工客服。",
        "foreign_language": "我还不太懂这种语言，正在为您转接人工客服。",
        "model_failure": "我这边出了点问题，正在为您转接人工客服。",
    }
)


def phrase(reason: str, locale: str) -> str:
    """The desk's sentence for a reason code, in Chinese for ``zh`` locales and in English otherwise."""
    return (_CHINESE if locale.lower().startswith("zh") else _ENGLISH)[reason]
