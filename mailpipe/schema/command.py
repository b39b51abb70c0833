"""The command line of schema."""

import click

NAMES = ("record", "config", "rules")


@click.command(
    "schema",
    epilog="# Check parsed mail against the schema, with any validator\n"
    "mailpipe schema record > record.schema.json\n"
    "# What may stand in the configuration?\n"
    "mailpipe schema config | jq '.\"$defs\".Account.properties | keys'",
)
@click.argument("name", type=click.Choice(NAMES))
def command(name: str) -> None:
    """Print the JSON Schema of records, the configuration or the rules.

    NAME is record (one line of a pipe), config (config.yaml) or rules (the rule file of route).
    The schemas are of draft 2020-12; editors that know YAML schemas complete and check the files
    with them.
    """
    import json

    click.echo(json.dumps(_schema(name), indent=2))


def _schema(name: str) -> object:
    if name == "record":
        from mailpipe.schema import record

        return record.schema()
    import msgspec

    if name == "config":
        from mailpipe.config import Config

        return msgspec.json.schema(Config)
    from mailpipe.route.ruletypes import RuleFile

    return msgspec.json.schema(RuleFile)
