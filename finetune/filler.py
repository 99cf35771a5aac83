"""Which of an agent's texts only keep a conversation going and answer nothing. Knows no dialogues."""

import re

from retrieval.text import sentences

_MOMENT = r"(?:moment|second|minute|sec)"
_CHECKED = r"(?:on|into|at|for|up|that|this|it|you|right away|now|what i can find|what i can do|a moment|the details)"
_THANKED_FOR = (
    r"(?:waiting|holding|your patience|contacting us|reaching out|letting (?:us|me) know|the update|checking in|"
    r"sharing|(?:the|your) (?:info|information|feedback|message))"
)
_WISHED = r"(?:day|evening|night|weekend|week|one|trip|flight)"
_WORDS = (
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))(?: there| again)?",
    r"(?:oh )?(?:ok(?:ay)?|sure|sure thing|certainly|of course|absolutely|great|perfect|yes|no|right|understood)",
    r"got it|i see|no problem|no worries|alright|awesome|gotcha|oh no",
    rf"(?:just )?(?:one|a) {_MOMENT}(?: please)?(?: (?:as|while) (?:i|we) .{{0,60}})?",
    rf"(?:please )?(?:hold on|hold|bear with me|give me|wait)(?: (?:for )?(?:a|one|just a) {_MOMENT})?(?: please)?",
    r"(?:please )?(?:let me|i(?:'ll| will| am going to)|allow me to) (?:just |quickly )?"
    rf"(?:check|look|see|have a look|take a look|find out)(?: {_CHECKED}){{0,5}}",
    rf"(?:many )?(?:thanks|thank you)(?: so much| very much)?(?: for {_THANKED_FOR})?",
    r"(?:you(?:'re| are) )?(?:very |most |always )?welcome",
    r"(?:my|it's my|it was my) pleasure|any ?time|glad (?:to help|i could help|to hear (?:that|it))|happy to help",
    r"(?:have|enjoy) (?:a |the rest of )?(?:your )?(?:very )?(?:nice |great |good |lovely |wonderful )?"
    rf"{_WISHED}(?: ahead)?",
    r"(?:good)?bye|take care|see you(?: soon)?|cheers",
    r"(?:i'm |i am |we're |we are )?(?:so |very )?sorry"
    r"(?: (?:about|for|to hear) (?:that|this|the (?:trouble|wait|delay|inconvenience)))?",
    r"(?:my|our)? ?(?:sincere )?apologies|i apologi[sz]e|we apologi[sz]e",
    r"(?:is there )?anything else(?: (?:i|we) can (?:help|do)(?: you)?(?: with| for you)?)?(?: today)?",
    r"(?:can|may) i help you(?: with anything else)?|how (?:can|may) i help(?: you)?(?: today)?",
    r"(?:请)?稍等(?:一下|片刻)?|我(?:帮您)?(?:查|看)一下|您好|好的|不客气|感谢您的耐心等待|再见",
)
_FILLER = re.compile(
    rf"(?:{'|'.join(_WORDS)})(?:[ ,]+(?:\{{\w+\}}|there|please|again|sir|madam|today|then))*", re.IGNORECASE
)
_EDGES = " \t.,;:!?-–—~。，！？、…"
_NOT_WORDS = re.compile(r"[^\w\s{}',’?.!。！？，、-]+|:\)|:-\)|\bxo+\b")


def is_filler(text: str) -> bool:
    """Whether every sentence is a greeting, a thank-you, "one moment" or the like."""
    plain = _NOT_WORDS.sub(" ", text).replace("’", "'")
    clauses = [
        clause.strip(_EDGES) for start, end in sentences(plain) for clause in re.split(r",\s+|，", plain[start:end])
    ]
    return all(_FILLER.fullmatch(clause) or re.fullmatch(r"\{\w+\}", clause) for clause in clauses if clause)
