"""`ttv connect`: ask for a tool's address and token, look around there, and write its source into the configuration.

What can be asked can be said by options, so that it works without a terminal too. The token is never written into the
configuration: it stays in the environment, or goes into a file that only its owner can read.
"""

import shutil
from contextlib import closing
from pathlib import Path
from types import ModuleType

import click

import connectors
from connectors.contract import SourceError, Survey
from ttv import store
from ttv.cli import surveys
from ttv.cli.asked import Asked, everywhere
from ttv.cli.drafts import TOKEN, Draft, Unfit
from ttv.cli.errors import Failed, Wrong
from ttv.cli.keeping import Keeping, Token
from ttv.config import FILE, amend
from ttv.config.sources import RESERVED
from ttv.config.tables import is_key

_QUESTIONS = ("url", "email")
"""What is asked besides the token, where the tool wants it."""
_PATIENCE_SECONDS = 60
"""Somebody waits for the answer."""
_HEAD = "# The configuration of ttv; `ttv init --config example.toml` writes one with every key that there is.\n"


@click.command(
    short_help="Connect a tool, and write its source.",
    epilog="""\b
Examples:
  ttv connect jira
  ttv connect github --name pay --set repositories=acme/pay,acme/pay-web
  ttv connect jira --url acme.atlassian.net --email ttv@acme.example --token-env TTV_JIRA_TOKEN --yes
""",
)
@click.argument("tool")
@click.option("--name", metavar="SOURCE", help="Name of the source.  [default: the tool's]")
@click.option("--url", metavar="URL", help="Address of the tool.")
@click.option("--email", metavar="MAIL", help="Mail address of the token's account, where the tool wants one.")
@click.option("--token-env", metavar="NAME", help="Environment variable that holds the token.")
@click.option(
    "--token-file", metavar="FILE", type=click.Path(path_type=Path), help="File that holds the token, or will."
)
@click.option("--set", "said", metavar="KEY=VALUE", multiple=True, help="A setting; a list with commas.")
@click.option("--replace", is_flag=True, help="Write a source anew that is there already.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing, and take what is proposed.")
@everywhere
@click.pass_obj
def connect(
    asked: Asked,
    *,
    tool: str,
    name: str | None,
    url: str | None,
    email: str | None,
    token_env: str | None,
    token_file: Path | None,
    said: tuple[str, ...],
    replace: bool,
    yes: bool,
) -> None:
    """Ask for the address and the token of TOOL, show what they let us see, and write its source.

    TOOL is a connector that comes along, or the dotted path of one of your own.

    It proposes what statuses, labels, types and fields mean; take that, or change it. Everything else in the
    configuration stays as it is. A token that is not in the environment goes into a file that only you can read.
    """
    connector, name, path = _with_survey(tool), name or tool.rpartition(".")[2], asked.config or FILE
    text = _text(path)
    _free(text, path, name, replace=replace)
    draft, keeping = Draft(connector), Keeping(name, path, asked.environ, token_env, token_file)
    _said(draft, (*said, *(f"{key}={one}" for key, one in (("url", url), ("email", email)) if one is not None)))
    token, survey = _looked(connector, draft, keeping, asks=not yes)
    surveys.show(survey)
    draft.propose(survey.proposals)
    surveys.settle(draft, asks=not yes)
    table = {"type": tool, **draft.table(), TOKEN: keeping.keep(token)}
    _write(path, _amended(text, path, name, table, draft))
    click.echo(f"{path} has the source {name} now.")
    option = f" --config {path}" if asked.config else ""
    click.echo(
        f"Next: ttv doctor{option}   what it sees\n      ttv sync {name}{option}   the first look, which may take long"
    )


def _with_survey(tool: str) -> ModuleType:
    try:
        connector = connectors.load(tool)
    except LookupError as error:
        raise Wrong(str(error)) from None
    if not hasattr(connector, "survey"):
        remedy = (
            f"`ttv init {tool} --config {tool}.toml` writes its table; docs/connectors/{tool}.md tells of its keys."
        )
        said = f"only you know what there is to read by the connector {tool}"
        raise Wrong(said, remedy if tool in connectors.names() else "")
    return connector


def _text(path: Path) -> str:
    """Read the configuration; of one that is not there yet, its head."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return _HEAD
    except OSError as error:
        raise Failed(f"{path} cannot be read: {(error.strerror or 'unknown error').lower()}") from None
    except UnicodeDecodeError as error:
        raise Wrong(f"{path}: is not UTF-8 text, from byte {error.start} on") from None


def _free(text: str, path: Path, name: str, *, replace: bool) -> None:
    """See that a source may have this name."""
    if name in RESERVED or not is_key(name):
        raise Wrong(f'"{name}" is no name for a source', "Choose another by --name: letters, digits, . _ and -.")
    if name in amend.sources(text, path) and not replace:
        remedy = "Give this one another by --name, or write that one anew by --replace."
        raise Wrong(f"{path} has a source {name} already", remedy)


def _said(draft: Draft, pairs: tuple[str, ...]) -> None:
    """Set what the command line says."""
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Wrong(f'"{pair}" says no setting: write --set KEY=VALUE')
        try:
            draft.say(key, _web(value) if key == "url" else value)
        except Unfit as error:
            raise Wrong(str(error)) from None


def _looked(connector: ModuleType, draft: Draft, keeping: Keeping, *, asks: bool) -> tuple[Token, Survey]:
    """Ask until the tool lets us look around."""
    token, again = keeping.given(), False
    while True:
        if asks:
            _ask(draft, again=again)
            token = _ask_token(draft, token, again=again)
        elif token is None:
            raise Wrong(
                "there is no token", "Name the variable that holds it by --token-env, or the file by --token-file."
            )
        elif unsaid := [name for name in draft.missing() if name in _QUESTIONS]:
            raise Wrong(f"there is no {unsaid[0]}", f"Give it by --{unsaid[0]}.")
        try:
            return token, _survey(connector, draft, token)
        except Unfit as error:
            what, remedy = str(error), ""
        except SourceError as error:
            what, remedy = error.said, error.remedy
        if not asks:
            raise Failed(what, remedy)
        click.secho(f"✗ {what}", fg="red", err=True)
        click.echo(f"  {remedy}\n" if remedy else "", err=True)
        again = True


def _ask(draft: Draft, *, again: bool) -> None:
    """Ask the questions that were not answered yet, or all of them again."""
    for name in _QUESTIONS:
        if name in draft.fields and (again or name not in draft.values):
            field = draft.fields[name]
            click.secho(field.description, dim=True)
            known = draft.values.get(name, "" if field.is_required() else field.get_default())
            while not _answered(draft, name, click.prompt(name, default=known, show_default=bool(known))):
                pass


def _answered(draft: Draft, name: str, said: str) -> bool:
    try:
        draft.say(name, _web(said) if name == "url" else said)
    except Unfit as error:
        click.secho(f"✗ {error}", fg="red", err=True)
        return False
    return True


def _ask_token(draft: Draft, known: Token | None, *, again: bool) -> Token:
    """Ask for the token without showing it, unless it is known; asked again, Enter keeps the one before."""
    if known and not again:
        click.echo(f"The token comes from {' '.join(*known.place.items()) if known.place else 'before'}.")
        return known
    click.secho(draft.described(TOKEN), dim=True)
    said = click.prompt(TOKEN, default="" if known else None, hide_input=True, show_default=False)
    return Token(said.strip()) if said.strip() or known is None else known


def _web(address: str) -> str:
    """Complete an address that somebody typed without its beginning."""
    return address if "://" in address or not address else f"https://{address}"


def _survey(connector: ModuleType, draft: Draft, token: Token) -> Survey:
    settings = draft.settings(token.value)
    click.echo("Looking around …", err=True)
    with closing(connector.client(settings, now=store.now, attempts=2, patience_seconds=_PATIENCE_SECONDS)) as client:
        found: Survey = connector.survey(settings, client)
    return found


def _amended(text: str, path: Path, name: str, table: dict[str, object], draft: Draft) -> str:
    try:
        return amend.put(text, name, table, draft.reasons)
    except ValueError as error:
        lines = amend.put("", name, table, draft.reasons)
        raise Failed(f"{path}: {error}", f"Put it there yourself:\n\n{lines}") from None


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that no half of it is ever there."""
    place = path.resolve()
    new = place.with_name(f".{place.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        if place.exists():
            shutil.copymode(place, new)
        new.replace(place)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {(error.strerror or 'unknown error').lower()}") from None
