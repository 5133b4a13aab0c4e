"""The Nu HTML checker (vnu) on every mail: no error but the five idioms that mail programs need."""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks import letters, node
from checks.letters import Mail
from checks.result import Result, absent, judged, missing

IDIOMS = ("xmlns:v", "xmlns:o", "mso-table-lspace", "mso-table-rspace", "mso-hide")
CURE = f"install a Java runtime; {node.CURE}"


def check(mails: Sequence[Mail]) -> Result:
    """Zero errors beyond the idioms."""
    folder = node.packages()
    if folder is None or absent("java"):
        return missing(CURE)
    jar = folder / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    with tempfile.TemporaryDirectory() as place:
        letters.write(mails, Path(place))
        files = sorted(Path(place).glob("*.html"))
        command = ["java", "-jar", str(jar), "--format", "json", "--stdout", "--errors-only", *map(str, files)]
        done = subprocess.run(command, check=False, capture_output=True, timeout=300)
    return verdict(json.loads(done.stdout)["messages"])


def verdict(messages: Iterable[Mapping[str, Any]]) -> Result:
    """The messages in words; what it cannot read at all is its own kind of message, and a fault."""
    told = [(Path(each.get("url", "")).stem, each["message"]) for each in messages if each["type"] != "info"]
    used = {idiom for _, said in told for idiom in IDIOMS if f"“{idiom}”" in said}
    faults = [f"{name}: {said}" for name, said in told if not any(f"“{idiom}”" in said for idiom in IDIOMS)]
    return judged(f"{len(faults)} errors, {len(used)} idioms", faults, [f"idiom: {name}" for name in sorted(used)])
