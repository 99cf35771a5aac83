"""The front door: every `frontdesk` command. Imports nothing heavy; each command imports what it needs when it runs."""

import os
import sys
from typing import NoReturn

import click

from ui.commands.alerts import alerts
from ui.commands.batch import evaluate, predict, rank, search
from ui.commands.compare import compare
from ui.commands.database import db
from ui.commands.erase import erase, retention
from ui.commands.history import history
from ui.commands.improve import improve
from ui.commands.knowledge import knowledge
from ui.commands.labels import labels
from ui.commands.publish import bundles, publish, rollback
from ui.commands.replies import replies
from ui.commands.serve import serve, worker
from ui.commands.staff import staff
from ui.commands.talk import audit, chat, explain
from ui.commands.train import train


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="frontdesk")
def cli() -> None:
    """Frontdesk: a customer-service chatbot that learns from your own transcripts.

    \b
    From logs to a desk:
      history import -> replies mine -> knowledge build -> train -> db upgrade -> replies approve -> publish -> serve
    From reviewed conversations to a better bot: improve
    """  # noqa: D301


for command in (
    history, replies, knowledge, labels, train, predict, rank, search, evaluate,
    improve, publish, rollback, bundles, compare, serve, worker, chat, explain, audit, db, staff, alerts,
    erase, retention,
):  # fmt: skip
    cli.add_command(command)


def main() -> NoReturn:
    """Run one command; what goes wrong is one line on standard error and exit status 2."""
    # A thread of torch or FAISS that waits for another would else spin: beside a busy server a training takes 3-4 times
    # as long. OpenMP reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        cli.main(standalone_mode=False, prog_name="frontdesk")
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _fail(error.format_message())
    except OSError as error:
        _fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except Exception as error:
        if not isinstance(error, _known_errors()):
            raise
        _fail(str(error))
    sys.exit(0)


def _known_errors() -> tuple[type[Exception], ...]:
    from bot.errors import BotError
    from finetune.errors import FinetuneError
    from retrieval.errors import RetrievalError
    from ui.errors import UiError

    return BotError, FinetuneError, RetrievalError, UiError


def _fail(message: str) -> NoReturn:
    click.echo(f"frontdesk: {' '.join(message.split())}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
