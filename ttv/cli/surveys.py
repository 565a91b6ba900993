"""What a tool lets us see, as tables for people, and what is proposed for its settings, to be taken or changed."""

from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table

from connectors.contract import Survey
from ttv.cli.drafts import Draft, Unfit
from ttv.cli.errors import Wrong
from ttv.config.starter import written

_PIPED_WIDTH = 120
_ROWS = 15


def show(survey: Survey) -> None:
    """Show what a tool lets us see."""
    console = _console()
    console.print(f"[green]✓[/] signed in: {survey.account}\n")
    for sight in survey.sights:
        if sight.rows:
            console.print(f"[bold]{sight.what}[/]")
            console.print(_table(sight.columns, sight.rows[:_ROWS]))
            more = len(sight.rows) - _ROWS
            console.print(f"… and {more} more\n" if more > 0 else "")
    for note in survey.notes:
        console.print(f"[yellow]![/] {note}")


def settle(draft: Draft, *, asks: bool) -> None:
    """Show the settings, and let them be changed as long as somebody wishes; Wrong if one is missing in the end."""
    _show_settings(draft)
    while asks and (name := _wish(draft)):
        _change(draft, name)
    if missing := draft.missing():
        raise Wrong(
            f"{', '.join(missing)}: nothing could be proposed, and nothing was said", "Say it by --set KEY=VALUE."
        )


def _show_settings(draft: Draft) -> None:
    if not draft.values:
        return
    console = _console()
    console.print("\n[bold]Settings[/]")
    rows = [(name, _shown(value), draft.reasons.get(name, "as you said")) for name, value in draft.values.items()]
    console.print(_table(("setting", "value", "because"), rows))


def _wish(draft: Draft) -> str | None:
    """Ask which setting is to be changed; None for none."""
    missing = draft.missing()
    said = click.prompt(
        f"Enter the name of a setting to change it{'' if missing else ', or nothing to take them all'}",
        default=missing[0] if missing else "",
        show_default=bool(missing),
    ).strip()
    return said or None


def _change(draft: Draft, name: str) -> None:
    if name in draft.fields:
        click.secho(draft.fields[name].description or "", dim=True)
        value = click.prompt(name, default=_shown(draft.values.get(name, "")))
    else:
        value = ""
    try:
        draft.say(name, value)
    except Unfit as error:
        click.secho(f"✗ {error}", fg="red", err=True)
    else:
        click.echo(f"{name} = {written(draft.values[name])}")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _console() -> Console:
    console = Console(highlight=False, markup=True)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console
