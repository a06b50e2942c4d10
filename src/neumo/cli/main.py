"""The `neumo` command: puts the commands together and turns errors into one line and a status."""

import sys

import typer
from rich.console import Console

from neumo import __version__
from neumo.core.errors import NeumoError

app = typer.Typer(
    name="neumo",
    help="Sorts chest radiographs into normal, bacterial and viral pneumonia. Not a medical device: "
    "the decision is the professional's.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Data sets: get, check, make phantoms.", no_args_is_help=True)
app.add_typer(data_app, name="data")
bundle_app = typer.Typer(help="Bundles: look at, verify, install, export.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")
archive_app = typer.Typer(help="Readings on record: search, decide, export, purge.", no_args_is_help=True)
app.add_typer(archive_app, name="archive")
audit_app = typer.Typer(help="The archive's audit log.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
user_app = typer.Typer(help="People who may log in to the workbench.", no_args_is_help=True)
app.add_typer(user_app, name="user")
token_app = typer.Typer(help="Tokens by which programs use the workbench's API.", no_args_is_help=True)
app.add_typer(token_app, name="token")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"neumo {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of every command."""


def _register() -> None:
    from neumo.cli import (
        archive_decide,
        archive_export,
        archive_init,
        archive_purge,
        archive_search,
        archive_show,
        audit_verify,
        bundle,
        bundle_export,
        compare,
        data_check,
        data_get,
        data_phantom,
        deidentify,
        doctor,
        evaluate,
        fetch,
        listen,
        monitor,
        read,
        reproduce,
        serve,
        token_add,
        token_list,
        token_remove,
        train,
        user_add,
        user_list,
        user_password,
        user_remove,
    )

    app.command("read")(read.read)
    app.command("doctor")(doctor.doctor)
    app.command("train")(train.train)
    app.command("evaluate")(evaluate.evaluate)
    app.command("compare")(compare.compare)
    app.command("listen")(listen.listen)
    app.command("fetch")(fetch.fetch)
    app.command("monitor")(monitor.monitor)
    app.command("deidentify")(deidentify.deidentify)
    app.command("reproduce")(reproduce.reproduce)
    app.command("serve")(serve.serve)
    data_app.command("check")(data_check.check)
    data_app.command("get")(data_get.get)
    data_app.command("phantom")(data_phantom.phantom)
    archive_app.command("init")(archive_init.init)
    archive_app.command("search")(archive_search.search)
    archive_app.command("show")(archive_show.show)
    archive_app.command("decide")(archive_decide.decide)
    archive_app.command("export")(archive_export.export)
    archive_app.command("purge")(archive_purge.purge)
    audit_app.command("verify")(audit_verify.verify)
    user_app.command("add")(user_add.add)
    user_app.command("list")(user_list.list_users)
    user_app.command("remove")(user_remove.remove)
    user_app.command("password")(user_password.password)
    token_app.command("add")(token_add.add)
    token_app.command("list")(token_list.list_tokens)
    token_app.command("remove")(token_remove.remove)
    bundle_app.command("info")(bundle.info)
    bundle_app.command("verify")(bundle.verify)
    bundle_app.command("install")(bundle.install)
    bundle_app.command("export")(bundle_export.export)
    bundle_app.command("card")(bundle_export.card)
    bundle_app.command("export-monai")(bundle_export.export_monai)


_register()


def main() -> None:
    """Run the command line; errors of the neumo family end with status 2 and one message."""
    try:
        app(standalone_mode=True)
    except NeumoError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]error:[/] {_escaped(str(error))}", soft_wrap=True
        )
        sys.exit(2)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
