"""All errors of the bot package.

BotError
├── StorageError                    the database refused or could not do what was asked
│   ├── SchemaError                 its schema is not the one that this version needs
│   ├── DatabaseUnavailableError    it cannot be reached or written to now
│   ├── InvalidTextError            a text that cannot be stored
│   ├── ConversationNotFoundError   no conversation has this id
│   ├── MessageNotFoundError        the conversation has no such message
│   ├── OwnedByPersonError          the bot may not speak here
│   ├── ConversationClosedError     nobody can write here any more
│   ├── MoveRefusedError            the conversation's owner cannot change so
│   ├── TurnTakenError              part of the turn has been answered meanwhile
│   ├── LabelFindingNotFoundError   a finding of the label audit is gone
│   ├── ReplyNotFoundError          no reply has this id
│   ├── ArticleNotFoundError        no article has this id
│   ├── ChangedMeanwhileError       somebody else changed the article or reply meanwhile
│   ├── StaffRefusedError           a staff member cannot be added or changed so
│   └── JobLostError                the job is another worker's
├── DeskError                       the desk's directory or pointer is wrong
│   ├── SettingsError               a setting is unknown or of the wrong type
│   └── LiveChangedError            something else went live meanwhile
├── RedactionError                  a pattern of the desk that cannot be used on a text
├── NoticeError                     a message about an alert did not arrive
├── NothingToEraseError             nobody of whom anything is kept
├── ReplySnapshotError              a reply snapshot that cannot be used
├── BundleError                     a bundle that cannot be used
└── ModelError                      a model that cannot run, or gave no usable scores
"""


class BotError(Exception):
    """Root of the package's errors; its text is one line that says what, where and what to do."""


class StorageError(BotError):
    """The database refused or could not do what was asked."""


class SchemaError(StorageError):
    """The database's schema is not the one that this version of Frontdesk needs."""


class DatabaseUnavailableError(StorageError):
    """The database cannot be reached or written to now; nothing was acknowledged, the same call may succeed later."""


class InvalidTextError(StorageError):
    """A text that cannot be stored: blank, too long, with NUL or with lone surrogates."""


class ConversationNotFoundError(StorageError):
    """No conversation has this id."""


class MessageNotFoundError(StorageError):
    """The conversation has no such message, or it is not of the kind that the call needs."""


class LabelFindingNotFoundError(StorageError):
    """The label audit has no such finding (any more)."""


class OwnedByPersonError(StorageError):
    """The bot may not speak: a person, or the queue for one, owns the conversation."""


class ConversationClosedError(StorageError):
    """The conversation is closed: a new one has to be started."""


class MoveRefusedError(StorageError):
    """The conversation's owner cannot change in this way: somebody else was faster, or it is closed."""


class TurnTakenError(StorageError):
    """Part of what a reply was made for has been answered meanwhile: read the turn again."""


class RunNotFoundError(StorageError):
    """No run of ``improve`` has this id."""


class ReplyNotFoundError(StorageError):
    """No reply has this id."""


class ArticleNotFoundError(StorageError):
    """No article has this id."""


class ChangedMeanwhileError(StorageError):
    """The article or reply has a newer version than the one that its editor read; nothing was written."""


class StaffRefusedError(StorageError):
    """A staff member cannot be added or changed so: the name, the password or the role does not allow it."""


class JobLostError(StorageError):
    """The job is not this worker's (any more): its lease ended and another took it, or it was never taken."""


class DeskError(BotError):
    """The desk directory, its settings or its pointer are wrong."""


class SettingsError(DeskError):
    """A setting is unknown, of the wrong type, or the file is no TOML."""


class LiveChangedError(DeskError):
    """Other versions went live while these were being made; nothing was published, the same call may succeed now."""


class RedactionError(BotError):
    """A desk's own pattern is no regular expression, matches nothing, or takes too long; no text went on unredacted."""


class NoticeError(BotError):
    """A message about an alert did not arrive at its webhook or mail server; the text says why, without secrets."""


class NothingToEraseError(BotError):
    """Nothing is kept of the person or conversation that was named."""


class ReplySnapshotError(BotError):
    """A reply snapshot is missing, damaged, or of another encoder."""


class BundleError(BotError):
    """A bundle is missing, damaged, of another format, or unsafe."""


class ModelError(BotError):
    """A model could not be opened or gave scores that are not numbers."""
