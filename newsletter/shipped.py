"""Where the files lie that ship with the program: inside the installed package, else in the checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of "templates", "config.toml" or "sample", wherever this copy of the program keeps it."""
    inside = PACKAGE / name
    return inside if inside.exists() else PACKAGE.parent / name
