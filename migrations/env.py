"""Alembic's entry: runs the migrations on the connection that ``bot.storage.migrate`` opened. Knows no URL."""

from alembic import context

from bot.storage.columns import Base


def run() -> None:
    """Run the migrations inside the transaction that the connection is in already, DDL included."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
