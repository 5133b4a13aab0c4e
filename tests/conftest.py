"""Fixtures that any test may ask for: the real upstream data, and a clean environment."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def missing(what: str) -> None:
    """Skip with the reason; where CI promises that everything is there, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {what}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real upstream answers; `NEWSLETTER_DATA` names another place."""
    folder = Path(os.environ.get("NEWSLETTER_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing(f"no real upstream data at {folder}: set NEWSLETTER_DATA to the folder that holds it")
    return folder
