"""The door to the database: its aggregates, opened once a process by whoever composes it."""

import secrets
from types import TracebackType

from bot.storage.aftercare import Aftercare
from bot.storage.alerts import Alerts
from bot.storage.answered import Answered
from bot.storage.articles import Articles
from bot.storage.audit_log import AuditLog
from bot.storage.conversations import Conversations
from bot.storage.database import Database
from bot.storage.engine import BUSY_TIMEOUT_S
from bot.storage.erasing import Erasing
from bot.storage.figures import Figures
from bot.storage.gauges import Gauges
from bot.storage.golden import Golden
from bot.storage.inbox import Inbox
from bot.storage.intent_outcomes import IntentOutcomes
from bot.storage.jobs import Jobs
from bot.storage.label_findings import LabelFindings
from bot.storage.migrate import check
from bot.storage.notes import CannedReplies, Notes
from bot.storage.ownership import Ownership
from bot.storage.records import Clock, utc_now
from bot.storage.replays import Replays
from bot.storage.replies import Replies
from bot.storage.reviews import Reviews
from bot.storage.runs import Runs
from bot.storage.staff import Staff
from bot.storage.standings import Standings
from bot.storage.transcripts import Transcripts
from bot.storage.turns import Turns


class Store:
    """One open database.

    Attributes:
        conversations: the session log.
        standings: where a conversation stands.
        erasing: what is kept of a person, and its end.
        turns: what the bot owes, as seen by this process.
        ownership: who answers a conversation.
        aftercare: contacts and ratings that customers left.
        transcripts: conversations as staff look for them.
        replies: the truth of replies.
        articles: the truth of knowledge articles.
        reviews: what people think of the bot's messages.
        gauges: counts of what is open.
        jobs: background work, as seen by this worker.
        label_findings: what label audits found, and the verdicts on it.
        intent_outcomes: what followed the turns of each intent.
        figures: what happened in numbers.
        staff: who may log in, and their logins.
        audit: what staff did.
        alerts: what was beyond its usual range.
        inbox: the conversations that staff look after.
        notes: notes and labels of staff.
        canned: texts that agents insert.
        runs: what ``improve`` did.
        replays: replies that a candidate would have given.
        answered: turns that the bot answered, to answer them again.
        golden: what staff keep for the golden set.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        holder = secrets.token_hex(8)
        self.conversations = Conversations(database, clock, holder)
        self.standings = Standings(database)
        self.erasing = Erasing(database)
        self.turns = Turns(database, clock, holder)
        self.ownership = Ownership(database, clock)
        self.aftercare = Aftercare(database, clock)
        self.transcripts = Transcripts(database)
        self.replies = Replies(database, clock)
        self.articles = Articles(database, clock)
        self.reviews = Reviews(database, clock)
        self.gauges = Gauges(database, clock)
        self.jobs = Jobs(database, clock)
        self.label_findings = LabelFindings(database, clock)
        self.intent_outcomes = IntentOutcomes(database)
        self.figures = Figures(database, clock)
        self.staff = Staff(database, clock)
        self.audit = AuditLog(database, clock)
        self.alerts = Alerts(database, clock)
        self.inbox = Inbox(database)
        self.notes = Notes(database, clock)
        self.canned = CannedReplies(database, clock)
        self.runs = Runs(database, clock)
        self.replays = Replays(database, clock)
        self.answered = Answered(database)
        self.golden = Golden(database, clock)

    @classmethod
    def open(cls, url: str, *, clock: Clock = utc_now, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Store":
        """Open a database whose schema is current.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://...``.
            clock: gives the time that rows carry.
            busy_timeout_s: how long a call waits for a lock or a connection before it gives up.

        Raises:
            SchemaError: the schema is missing, older or newer; the text names ``frontdesk db upgrade``.
            DatabaseUnavailableError: the database cannot be reached.
            StorageError: the URL is none that Frontdesk can use.
        """
        check(url)
        return cls(Database.open(url, busy_timeout_s=busy_timeout_s), clock)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            DatabaseUnavailableError: there is none.
        """
        self._database.ping()

    @property
    def cleaning(self) -> str:
        """What `purge` does on this database, for people."""
        return self._database.cleaning

    def purge(self, *, compact: bool = False) -> None:
        """Overwrite what erased rows left in the database; seconds to minutes on a large one.

        Args:
            compact: rewrite a SQLite file whatever its size, while writers wait.

        Raises:
            DatabaseUnavailableError: others use it too much at this moment: try again.
        """
        self._database.purge(compact=compact)

    def close(self) -> None:
        """Finish the writes that wait and close the connections."""
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
