"""The tools from npm: exact versions in checks/package.json, installed once, outside the repository."""

import json
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from checks.result import absent

HERE = Path(__file__).parent
CURE = "install Node.js 20 or newer with npm, and let npm reach its registry"
INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
PATIENCE = 45  # seconds for npm, which itself would wait for minutes


@lru_cache(maxsize=1)
def packages() -> Path | None:
    """The folder with node_modules, or None where npm or its registry is not there."""
    if absent("node", "npm"):
        return None
    chosen = os.environ.get("NEWSLETTER_CHECKS_NPM")
    folder = Path(chosen or Path(sys.prefix) / "checks")
    wanted = (HERE / "package.json").read_bytes()
    done = folder / "installed.json"
    if not (done.exists() and done.read_bytes() == wanted):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(wanted)
        if not _installed(folder):
            return None
        done.write_bytes(wanted)
    for script in HERE.glob("*.mjs"):  # beside node_modules, where Node looks for what they import
        shutil.copy(script, folder)
    return folder


def _installed(folder: Path) -> bool:
    try:
        subprocess.run(INSTALL, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def ask(folder: Path, script: str, question: object) -> Any:  # noqa: ANN401 - JSON, of the script's own shape
    """The script's answer: JSON in, JSON out."""
    command = ("node", script)
    asked = json.dumps(question).encode()
    done = subprocess.run(command, cwd=folder, input=asked, check=True, capture_output=True, timeout=300)
    return json.loads(done.stdout)
