"""Makes newsletter/lint/caniemail.json from the data of the npm package caniemail (MIT).

    npm install caniemail@2.0.2        # in a scratch folder
    python -m benchmarks.caniemail_data node_modules/caniemail/data/caniemail.json

The newest tested version of each platform counts, and of several platforms of one client the worst: "y" supported,
"a" in part, "n" not at all, "u" unknown.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "newsletter" / "lint" / "caniemail.json"
# A client as people know it: its family in the data, and the platforms that share its way of drawing.
CLIENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Gmail": ("gmail", ("desktop-webmail", "ios", "android", "mobile-webmail")),
    "Apple Mail": ("apple-mail", ("macos", "ios")),
    "Outlook for Windows": ("outlook", ("windows",)),
    "Outlook, new and web": ("outlook", ("outlook-com", "ios", "android")),
    "Outlook for Mac": ("outlook", ("macos",)),
    "Yahoo": ("yahoo", ("desktop-webmail", "ios", "android")),
    "Samsung Email": ("samsung-email", ("android",)),
    "Thunderbird": ("thunderbird", ("macos", "windows", "linux")),
}
WORST_FIRST = "nayu"


def compact(data: Mapping[str, Any]) -> dict[str, Any]:
    """The date, the clients, and for each feature its title and one letter for each client."""
    features = {
        each["slug"]: [
            each["title"].strip(),
            "".join(support(each["stats"], *where) for where in CLIENTS.values()),
        ]
        for each in sorted(data["data"], key=lambda each: str(each["slug"]))
        if each["category"] in {"css", "html"}
    }
    date = str(data["last_update_date"]).partition(" ")[0]
    return {"source": "https://www.caniemail.com", "date": date, "clients": list(CLIENTS), "features": features}


def support(stats: Mapping[str, Any], family: str, platforms: tuple[str, ...]) -> str:
    """The worst letter among the newest versions of these platforms; "u" where none was tested."""
    tested = [stats.get(family, {}).get(platform, {}) for platform in platforms]
    newest = [list(versions.values())[-1][:1] for versions in tested if versions]
    return str(min(newest or ["u"], key=WORST_FIRST.index))


def written(document: Mapping[str, Any]) -> str:
    """JSON with one feature a line, so that a change of the data can be read."""
    lines = [f"    {json.dumps(slug)}: {json.dumps(told)}" for slug, told in document["features"].items()]
    head = [f"  {json.dumps(name)}: {json.dumps(document[name])}" for name in ("source", "date", "clients")]
    body = ",\n".join(lines)
    return "{\n" + ",\n".join([*head, '  "features": {\n' + body + "\n  }"]) + "\n}\n"


if __name__ == "__main__":
    OUT.write_text(written(compact(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))), encoding="utf-8")
