"""Running commands in tests as a shell would, and reading what they print."""

import json

from typer.testing import CliRunner

from newsletter.cli import app

AT = "2026-04-23T14:00Z"  # the sample's day


def run(*arguments, code=0, typed=None):
    result = CliRunner().invoke(app, [str(each) for each in arguments], input=typed)
    assert result.exit_code == code, result.output
    return result


def as_json(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code).stdout)
