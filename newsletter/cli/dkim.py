"""`newsletter dkim`: a key to sign mails with, and the DNS record that lets everybody check them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.start import DEFAULT_CONFIG, AsJson, ConfigPath, now, show, start
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.mail.dkim import Key

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Sign mails with a key of your own.\n\n"
        "A signature (DKIM) tells receivers that a mail is yours. First `newsletter dkim new`, then publish the "
        "record, then name the key in config.toml; `newsletter doctor` says whether all of it fits."
    ),
)


class Bits(StrEnum):
    """The sizes of RSA keys that every receiver takes."""

    SHORT = "2048"
    MIDDLE = "3072"
    LONG = "4096"


Selector = Annotated[
    str,
    typer.Option("--selector", metavar="NAME", help="The key's name in the DNS: letters, digits, hyphens."),
]


@app.command()
def new(
    selector: Selector = "",
    bits: Annotated[Bits, typer.Option("--bits", help="How long an RSA key is.")] = Bits.SHORT,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Make a short key of the newer kind, for a second signature.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Make a key that only you can read, and say what to publish and what to write into config.toml.

    The file is the one that config.toml names in [dkim] if it is not there yet; else dkim-NAME.pem beside the
    database. A key that is there is never replaced: to change keys, make a second one with another --selector.
    Nothing is signed before config.toml names the key.
    """
    from newsletter.mail import dkim_key
    from newsletter.mail.dkim import Key

    if ed25519 and bits != Bits.SHORT:
        raise typer.BadParameter("an Ed25519 key has one size", param_hint="--bits")
    loaded = _own(config)
    kind = "ed25519" if ed25519 else "rsa"
    name = checked(selector) or _configured(loaded, kind)[0] or default_selector(kind)
    path = file_of(loaded, name)
    made = Key(name, dkim_key.make(kind, int(bits)))
    dkim_key.write(path, made.private)
    document = as_document(loaded, made, path) | {"config": settings(loaded, made, path)}
    show(document, as_json, lambda: _print_new(loaded, document, config))


@app.command()
def record(
    selector: Selector = "",
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """Print the TXT records to publish: for a form on the web, and for a zone file.

    Without --selector they are those of the keys that config.toml names.
    """
    from newsletter.mail import dkim_key

    loaded = _own(config)
    names = [checked(selector)] if selector else [name for name, _ in _all_configured(loaded)]
    if not names:
        raise ConfigError("dkim.selector: names no key yet: run `newsletter dkim new`, or add --selector NAME")
    paths = {name: file_of(loaded, name) for name in names}
    found = [as_document(loaded, dkim_key.load(path, name), path) for name, path in paths.items()]
    show({"domain": loaded.signing_domain, "records": found}, as_json, lambda: _print_records(loaded, found))


def _own(path: Path) -> "Config":
    """The configuration, if its mails come from a domain of one's own."""
    from newsletter.config_sections import Newsletter

    loaded = start(path).config
    if loaded.newsletter.sender == Newsletter().sender:
        raise ConfigError(
            f"newsletter.from: {loaded.newsletter.sender} is only a placeholder: write your own address first"
        )
    return loaded


def checked(selector: str) -> str:
    """A selector as it may stand in the DNS; typer.BadParameter otherwise."""
    from newsletter.config_checks import selector_or_none

    try:
        return selector_or_none(selector)
    except ValueError as error:
        raise typer.BadParameter(f"{selector!r} cannot be used: {error}", param_hint="--selector") from None


def default_selector(kind: str) -> str:
    """A name with the month in it: keys are changed by making another one."""
    return f"papers{now():%Y%m}{'' if kind == 'rsa' else '-ed25519'}"


def _configured(config: "Config", kind: str) -> tuple[str, str]:
    named = config.dkim
    return (named.selector, named.key_file) if kind == "rsa" else (named.ed25519_selector, named.ed25519_key_file)


def _all_configured(config: "Config") -> list[tuple[str, str]]:
    return [found for kind in ("rsa", "ed25519") if (found := _configured(config, kind))[0]]


def file_of(config: "Config", selector: str) -> Path:
    """Where the key of this name lies: as config.toml says, else beside the database."""
    file = dict(_all_configured(config)).get(selector, "")
    return config.path(file) if file else config.data_folder / f"dkim-{selector}.pem"


def settings(config: "Config", key: "Key", path: Path) -> str:
    """What config.toml needs for this key; the path starts from its folder where it can."""
    import json

    shown = path.relative_to(config.base) if path.is_relative_to(config.base) else path
    before = "" if key.kind == "rsa" else "ed25519_"
    return f"[dkim]\n{before}selector = {json.dumps(key.selector)}\n{before}key_file = {json.dumps(str(shown))}\n"


def as_document(config: "Config", key: "Key", path: Path) -> dict[str, Any]:
    """The JSON of one key: what it is, and its record in all the forms that are asked for."""
    from newsletter.mail import dkim_record

    name, value = dkim_record.name(key.selector, config.signing_domain), dkim_record.value(key)
    strings = dkim_record.strings(value)
    quoted = "\n".join(f'    "{string}"' for string in strings)
    return {
        "selector": key.selector,
        "kind": key.kind,
        "bits": key.bits,
        "file": str(path),
        "name": name,
        "value": value,
        "strings": strings,
        "zone": f"{name}. IN TXT (\n{quoted} )",
    }


def _print_new(config: "Config", document: dict[str, Any], path: Path) -> None:
    kind = f"RSA key of {document['bits']} bits" if document["kind"] == "rsa" else "Ed25519 key"
    typer.echo(f"A new {kind} is in {document['file']}, for you alone to read.")
    typer.echo(f"\n1. Publish this record in the DNS of {config.signing_domain}:\n")
    _print_form(document)
    typer.echo(f"\n   For a zone file: newsletter dkim record --selector {document['selector']}")
    typer.echo(f"\n2. When it is there, let the section [dkim] of {path} say:\n")
    typer.echo("".join(f"   {line}\n" for line in document["config"].splitlines()))
    if document["kind"] == "ed25519" and not config.dkim.selector:
        typer.echo("   Few receivers know this kind: it needs an RSA key beside it (newsletter dkim new).\n")
    typer.echo("3. Check it with newsletter doctor --only dkim, and start what is running anew.")


def _print_form(document: dict[str, Any]) -> None:
    typer.echo(f"   type   TXT\n   name   {document['name']}\n   value  {document['value']}")


def _print_records(config: "Config", found: list[dict[str, Any]]) -> None:
    for document in found:
        typer.echo("For a form on the web:\n")
        _print_form(document)
        typer.echo(f"\nFor a zone file:\n\n{document['zone']}\n")
    typer.echo(f"Many forms add {config.signing_domain} to the name by themselves: leave it out there.")
    typer.echo("newsletter doctor --only dkim asks the DNS for it, and compares.")
