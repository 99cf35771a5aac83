"""The session log and the truth of replies, articles and jobs, in SQL. Open it with ``bot.storage.store.Store``."""
