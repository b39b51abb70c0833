"""The command line of demo."""

import os
import sys

import click


@click.command("demo", epilog="# Watch three questions go out and three answers come back\nmailpipe demo")
def command() -> None:
    """Show the whole loop in a temporary folder, in seconds.

    Renders three vehicle checks from the example, sends them to a local Maildir, answers them as
    three partners would (a program, a careful person, a hurried one), and fetches, parses, routes
    and settles the answers. Needs no server and no configuration, and leaves nothing behind.
    """
    from mailpipe.demo.scene import scene
    from mailpipe.demo.story import Story

    with scene() as stage:
        Story(stage, click.echo, _bold).tell()


def _bold(text: str) -> str:
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if plain else click.style(text, bold=True)
