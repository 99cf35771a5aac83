"""Whether a message is in a language that the bundle does not know. Knows no model: only letters and short words.

A bundle's encoder gives confident nonsense for a language that it never saw, so such a message skips its heads. Three
signs, surest first: the script; words that the vocabulary does not know; and, within the Latin script, the shortest
words of the larger languages (Grefenstette 1995, "Comparing two language identification schemes"). Only a clear sign
counts: a short message without one is taken for the bundle's own language, so "danke" alone is not caught.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

_HAN, _LATIN = "CJK", "LATIN"
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "ar": ("ARABIC",),
    "bg": ("CYRILLIC",),
    "el": ("GREEK",),
    "fa": ("ARABIC",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "ja": (_HAN, "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL", _HAN),
    "ru": ("CYRILLIC",),
    "th": ("THAI",),
    "uk": ("CYRILLIC",),
    "ur": ("ARABIC",),
    "zh": (_HAN, "BOPOMOFO"),
}
_LATIN_LANGUAGES = "cs da de en es et fi fr hr hu id it lt lv ms nl no pl pt ro sk sl sq sv tr vi"
_LETTERS_PER_CHARACTER = {_HAN: 3, "HIRAGANA": 2, "KATAKANA": 2, "HANGUL": 2}

# Short words of each language; those that English shares count for both, so that a tie leaves a message alone.
_SHORT_WORDS = {
    "de": """ich nicht und der das ist ein eine einen meine mein mit für wie kann haben habe sie wir auf bitte wo wann
        noch von zu mich mir auch wurde ihre bei dem den es kein keine sind""",
    "fr": """je ne pas le les est une mon ma mes vous nous pour avec que qui dans sur où quand comment bonjour merci
        suis ai été votre il elle ce cette du et au""",
    "es": """el los las una mi mis que por para con cómo como dónde donde cuándo cuando está es hola gracias quiero
        puedo tengo pedido su ha de del se lo""",
    "it": """il che per una mio mia con come dove quando sono non è ho grazie ciao vorrei posso della del di ordine
        gli ancora""",
    "pt": """os uma meu minha que para com onde quando não está obrigado olá quero posso eu você por meus foi ainda
        seu""",
    "nl": """ik niet het een mijn met voor hoe kan waar wanneer van naar zijn heb wij graag bedankt geen maar ook dit
        wordt nog de""",
    "en": """the is my to and it of for you not do have where was are can what how this that with on in at me we be
        get when please will your from has did but if so would need want order there no just i a""",
}
_NO_SCRIPT = frozenset({"MATHEMATICAL", "MODIFIER", "DOUBLE-STRUCK", "FEMININE", "MASCULINE"})
_LEAST_WORDS = 3
_LEAST_HITS = 2
_LEAST_HIT_SHARE = 0.25
_MOST_UNKNOWN = 0.5
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 2000


def foreign_reason(text: str, languages: Sequence[str], unknown_share: float) -> str | None:
    """Says why a message is in none of a bundle's languages.

    Args:
        text: the customer's current message, without context.
        languages: the bundle's BCP 47 codes.
        unknown_share: share of the message's tokens that the vocabulary does not know, 0..1.

    Returns:
        A short reason for the log, such as ``script CYRILLIC``, or None where nothing speaks against the bundle.
    """
    known = {language.split("-")[0].lower() for language in languages}
    if not known or not known <= {*_SCRIPTS, *_LATIN_LANGUAGES.split()}:
        return None
    letters = _script_letters(text[:_LONGEST])
    total = sum(letters.values())
    if not total:
        return None
    own = {script for language in known for script in _SCRIPTS.get(language, (_LATIN,))}
    foreign = {script: count for script, count in letters.items() if script not in own}
    if 2 * sum(foreign.values()) > total:
        return f"script {max(foreign, key=foreign.__getitem__)}"
    if unknown_share > _MOST_UNKNOWN and 2 * letters[_LATIN] < total:
        return f"unknown words {unknown_share:.0%}"
    return _foreign_words(text[:_LONGEST], known) if _LATIN in own else None


def _script_letters(text: str) -> Counter[str]:
    letters: Counter[str] = Counter()
    for character in text:
        if character.isalpha() and (script := _script(character)):
            letters[script] += _LETTERS_PER_CHARACTER.get(script, 1)
    return letters


@cache
def _script(character: str) -> str | None:
    """First word of a letter's Unicode name; None for styled letters, which are signs rather than a script."""
    words = unicodedata.name(character, "").split()
    if words[:1] in (["FULLWIDTH"], ["HALFWIDTH"]):
        words = words[1:]
    return words[0] if words and words[0] not in _NO_SCRIPT else None


@cache
def _short_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in _SHORT_WORDS.items()}


def _foreign_words(text: str, known: set[str]) -> str | None:
    words = _WORD.findall(text.casefold())
    if len(words) < _LEAST_WORDS:
        return None
    hits = {language: sum(word in short for word in words) for language, short in _short_words().items()}
    own = max((hits[language] for language in known & hits.keys()), default=0)
    best = max((language for language in hits if language not in known), key=hits.__getitem__)
    if hits[best] < max(_LEAST_HITS, _LEAST_HIT_SHARE * len(words)) or hits[best] <= own:
        return None
    return f"words of {best}"
