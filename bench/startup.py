"""Start-up: ``mailpipe --version`` beside ``python -c 'import click'``, and each stage's ``--help``."""

from bench.pairs import MAILPIPE, PYTHON, compare
from mailpipe.cli import STAGES


def main() -> None:
    """Print the ratios; the first has to stay below 1."""
    click = [PYTHON, "-c", "import click"]
    compare("mailpipe --version", [MAILPIPE, "--version"], click, what="python -c 'import click'", rounds=15)
    compare("mailpipe --help", [MAILPIPE, "--help"], click, what="python -c 'import click'", rounds=15)
    for stage in STAGES:
        title = f"mailpipe {stage} --help"
        compare(title, [MAILPIPE, stage, "--help"], click, what="python -c 'import click'", rounds=7)


if __name__ == "__main__":
    main()
