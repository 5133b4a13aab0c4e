"""The check of the public URL: whether it is reached, over HTTPS, and answers with this program."""

import ssl
from datetime import datetime, timedelta

import httpx

from newsletter.config_checks import is_loopback
from newsletter.doctor.context import Context
from newsletter.doctor.finding import Finding, fail, note, ok, warn
from newsletter.doctor.mailer import expiry
from newsletter.doctor.settings import host_of
from newsletter.links import Links

SOON = timedelta(days=14)
NAME = "paper-newsletter"  # what /healthz says of itself
START = "start newsletter up, and the server with TLS before it"
CERTIFICATE = "renew its certificate: Caddy does it by itself, certbot renew does it for nginx"


def check(context: Context) -> list[Finding]:
    """Ask the public URL for /healthz, as a reader's browser would reach it."""
    url = f"{Links(context.config.newsletter.url, ()).home()}healthz"
    if context.offline:
        return [note("url", f"{url} not asked, for --offline")]
    try:
        with (
            httpx.Client(verify=ssl.create_default_context(), trust_env=False, timeout=context.patience) as client,
            client.stream("GET", url) as response,
        ):
            expires = _expires(response)
            response.read()
    except httpx.HTTPError as error:
        return [_unreached(url, error)]
    return [understood(url, response, expires, context.now())]


def _expires(response: httpx.Response) -> datetime | None:
    channel = response.extensions["network_stream"].get_extra_info("ssl_object")
    return expiry(channel.getpeercert()) if channel else None


def _unreached(url: str, error: httpx.HTTPError) -> Finding:
    words = f"{url} cannot be reached: {str(error) or type(error).__name__}"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return fail("url", words, CERTIFICATE)
    return (warn if is_loopback(host_of(url)) else fail)("url", words, START)


def understood(url: str, response: httpx.Response, expires: datetime | None, now: datetime) -> Finding:
    """What to say of an answer."""
    if response.is_redirect:
        there = response.headers.get("location", "?")[:200]
        return warn("url", f"{url} leads on to {there}", "write the address that it leads to as newsletter.url")
    if not response.is_success or f'"{NAME}"' not in response.text[:1000]:
        words = f"{url} answers HTTP {response.status_code}, and not as this program does"
        return fail("url", words, "let the server before it pass everything on to web.host and web.port")
    return _secure(url, expires, now)


def _secure(url: str, expires: datetime | None, now: datetime) -> Finding:
    if expires is None:
        if is_loopback(host_of(url)):
            return note("url", f"{url} answers; it is for this machine alone")
        words = f"{url} answers, but without HTTPS everybody on the way can read readers' links"
        return fail(
            "url", words, "put a server with TLS before it (docs/web.md) and write https in newsletter.url"
        )
    words = f"{url} answers; certificate for {(expires - now).days} more days"
    return warn("url", words, CERTIFICATE) if expires - now < SOON else ok("url", words)
