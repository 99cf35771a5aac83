"""`frontdesk replies`: mined from history, proposed, and approved by a person."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands.options import Directory, InputFile, OutputFile, desk_option

if TYPE_CHECKING:
    from bot.storage.records import ProposedReply


@click.group()
def replies() -> None:
    """What the bot may say: mine replies from history, look at them, approve them."""


@replies.command()
@click.option("--dialogues", type=InputFile, required=True, help="Dialogues from `history import`.")
@click.option("--out", type=OutputFile, required=True, help="Proposed replies to write, JSONL; made to be edited.")
@click.option("--bundle", "bundle_directory", type=Directory, help="Predicts the intent where the log has no label.")
@click.option("--min-frequency", type=click.IntRange(1), default=None, help="Drop replies that agents gave less often.")
def mine(dialogues: Path, out: Path, bundle_directory: Path | None, min_frequency: int | None) -> None:
    """Find the replies that agents gave, clustered, without names and signatures."""
    from finetune.history.dialogue_file import read_dialogues
    from finetune.mining import MiningReport, mine_replies
    from finetune.replies_file import write_replies

    report = MiningReport()
    found = read_dialogues(dialogues)
    if bundle_directory:
        from bot.bundle import load_bundle
        from bot.encoder import Encoder
        from finetune.labelling import with_predicted_intents

        found = with_predicted_intents(found, Encoder.open(load_bundle(bundle_directory)))
    count = write_replies(out, mine_replies(found, min_frequency=min_frequency, report=report))
    for line in report.summary():
        click.echo(line)
    click.echo(f"Wrote {count} proposals to {out}; read and edit them, then: frontdesk replies approve {out} --by NAME")


@replies.command()
@click.argument("file", type=InputFile)
@click.option("--by", required=True, help="Who proposes them.")
@desk_option
def propose(file: Path, by: str, desk_directory: Path) -> None:
    """Put the replies of FILE before the reviewers; customers do not see them yet."""
    from bot.bootstrap import open_store
    from bot.desk import Desk

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        added = store.replies.propose(_read(file), by=by)
    click.echo(f"{added} new replies proposed")


@replies.command()
@click.argument("file", type=InputFile, required=False)
@click.option("--by", required=True, help="Your name; it stays with each reply.")
@click.option("--id", "reply_ids", multiple=True, help="Approve this reply only; may be given several times.")
@click.option("--all", "everything", is_flag=True, help="Approve all that are proposed.")
@desk_option
def approve(file: Path | None, by: str, reply_ids: tuple[str, ...], everything: bool, desk_directory: Path) -> None:
    """Let replies reach customers: one (--id), those of FILE, or --all.

    Amounts, dates and promises are never approved in bulk; approve those one at a time, by --id.
    """
    if not (file or reply_ids or everything):
        raise click.ClickException("say which replies: --id ID, a FILE, or --all")
    from bot.bootstrap import open_store
    from bot.desk import Desk
    from bot.publishing import live_encoder, publish_replies

    desk = Desk(desk_directory)
    settings = desk.settings()
    with open_store(desk, settings) as store:
        proposed = _read(file) if file else []
        if proposed:
            store.replies.propose(proposed, by=by)
        calls: list[list[str] | None] = [[reply_id] for reply_id in reply_ids]  # named one by one: each was looked at
        calls += [[reply.reply_id for reply in proposed]] if proposed else []
        approvals = [store.replies.approve(ids, by=by) for ids in ([None] if everything else calls)]
        held = {reply_id: reasons for approval in approvals for reply_id, reasons in approval.held.items()}
        for reply_id, reasons in held.items():
            click.echo(f"held  {reply_id}  {', '.join(reasons)}: look at it and approve it with --id {reply_id}")
        approved = sum(len(approval.approved) for approval in approvals)
        click.echo(f"{approved} replies approved by {by}, {len(held)} held")
        if desk.history():
            versions = publish_replies(desk, settings, store, live_encoder(desk, settings))
            click.echo(f"Live: replies {versions.replies}")


@replies.command("list")
@click.option("--state", type=click.Choice(["proposed", "approved"]), default="proposed", show_default=True)
@desk_option
def list_replies(state: str, desk_directory: Path) -> None:
    """List proposed or approved replies, with what makes a proposal risky."""
    from bot.bootstrap import open_store
    from bot.desk import Desk

    desk = Desk(desk_directory)
    with open_store(desk, desk.settings()) as store:
        if state == "approved":
            for reply in store.replies.approved():
                click.echo(f"{reply.reply_id} v{reply.version}  [{', '.join(reply.intents)}]  {reply.text}")
            return
        for proposal in store.replies.proposed():
            risky = f"  ({', '.join(proposal.risky)})" if proposal.risky else ""
            click.echo(f"{proposal.reply_id}  [{', '.join(proposal.intents)}]  {proposal.text}{risky}")


def _read(file: Path) -> "list[ProposedReply]":
    """Mined replies as the store takes them; a person may have edited them, so risks are looked for again."""
    from bot.risks import risks_of
    from bot.storage.records import ProposedReply
    from finetune.replies_file import read_replies

    return [
        ProposedReply(
            mined.reply_id, mined.text, mined.intents, mined.frequency,
            tuple(dict.fromkeys((*mined.risky, *risks_of(mined.text)))),
        )
        for mined in read_replies(file)
    ]  # fmt: skip
