"""`neumo doctor`: checks that this install reads as it should, and says what to do where it does not."""

from typing import Annotated

import typer

from neumo.cli import options
from neumo.core.message import Message
from neumo.texts.translation import said

app = typer.Typer()

_OUTCOME_WIDTH = 8
_CHECKS = {
    "install": Message("install"),
    "codecs": Message("codecs"),
    "bundle": Message("bundle"),
    "reference": Message("reference"),
    "speed": Message("speed"),
    "threads": Message("threads"),
}
"""Names of the checks, which programs get as they are."""


@app.command()
def doctor(
    bundle: options.Bundle = None,
    threads: options.Threads = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
) -> None:
    """Check versions, codecs, bundle, reference readings, speed and threads; status 1 where one fails."""
    from neumo.inference.doctor import Outcome, examine

    checks = []
    for check in examine(bundle, threads):
        checks.append(check)
        if not as_json:
            _show(check.name, check.outcome.value, said(check.text))
    if as_json:
        from neumo.cli.show import say_json

        values = [
            {"check": c.name, "outcome": c.outcome.value, "text": c.text, "values": c.values} for c in checks
        ]
        say_json(values, indent=2)
    if any(check.outcome is Outcome.FAILED for check in checks):
        raise typer.Exit(1)


def _show(name: str, outcome: str, text: str) -> None:
    from rich.text import Text

    from neumo.cli.show import console

    style = {"fine": "green", "warning": "yellow", "failed": "bold red"}[outcome]
    shown = {"fine": said("fine"), "warning": said("warning"), "failed": said("failed")}[outcome]
    space = " " * max(1, _OUTCOME_WIDTH - len(shown))
    console.print(Text.assemble((shown + space, style), f"{said(_CHECKS[name])}: ", text), soft_wrap=True)
