"""Writes man/ and completions/; ``--check`` only says what is stale."""

import sys

import click

from mailpipe._docs import files


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; say what is stale, with status 1.")
def main(check: bool) -> None:
    """Write the man pages and completions of a checkout from its commands."""
    if not (files.ROOT / "pyproject.toml").exists():
        raise click.ClickException("this is not a checkout: there is nothing to write")
    wanted = files.texts()
    if not check:
        for name in files.write(files.ROOT, wanted):
            click.echo(f"wrote {name}" if name in wanted else f"removed {name}")
        return
    found = files.stale(files.ROOT, wanted)
    for name in found:
        click.echo(f"{name} is stale; run: python -m mailpipe._docs", err=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
