"""The page about the web names every address with its methods, and every template."""

from fastapi import FastAPI
from test_docs import ROOT, named, page, rows

from newsletter.web import app


def routes():
    """Each address of the pages with its methods."""
    served = FastAPI()
    for each in app.PAGES:
        served.include_router(each.router)
    found = {}
    for path, operations in served.openapi()["paths"].items():
        found[path] = {method.upper() for method in operations}
    return found


def test_every_address_is_documented_with_its_methods():
    told = {row[0].strip("`"): set(row[1].split()) for row in rows(page("web.md"), "Address")}

    assert {address.replace(":path", ""): methods for address, methods in told.items()} == routes()


def test_every_template_of_a_page_is_documented():
    assert set(named(page("web.md"), "File")) == {path.name for path in (ROOT / "templates" / "web").iterdir()}
