"""How the JSON API answers: refusals as {"error": text}, and who may keep a copy."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from newsletter.web.api_models import Refusal
from subscribers.errors import InvalidPreference

KEPT = {"Cache-Control": "public, max-age=300"}
SECRET = {"Cache-Control": "no-store"}
NO_JSON = "The body is no JSON document in UTF-8."
SAID = {
    400: "The body is no JSON.",
    401: "No token, or none of ours.",
    403: "Not possible now; the text says why.",
    404: "There is no such thing.",
    413: "More than 640 KiB.",
    422: "Something in the request cannot be used; the text names it.",
    429: "Too many requests; Retry-After says how many seconds to wait.",
}


class Answering(APIRoute):
    """Answers in JSON whatever is wrong with a request, and says what."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of this route, with its refusals as {"error": text}."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _mistaken(error)
            except InvalidPreference as error:
                return _refusal(422, str(error))
            except HTTPException as error:
                said = NO_JSON if error.status_code == 400 else error.detail  # noqa: PLR2004 - a status code
                return _refusal(error.status_code, said, error.headers)

        return answer


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """These answers as OpenAPI describes them."""
    said: dict[int | str, dict[str, Any]] = {code: {"model": Refusal, "description": SAID[code]} for code in codes}
    if 429 in said:  # noqa: PLR2004 - a status code
        wait = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        said[429]["headers"] = {"Retry-After": wait}
    return said


def _refusal(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    # A name in the request may hold half a character, which no answer can.
    return JSONResponse({"error": said.encode(errors="replace").decode()}, status, {**SECRET, **(headers or {})})


def _mistaken(error: RequestValidationError) -> Response:
    """Like "size: Input should be a valid integer; topics.0.weight: Field required"."""
    mistakes = error.errors()
    if any(each["type"] == "json_invalid" for each in mistakes):
        return _refusal(400, NO_JSON)
    places = [".".join(map(str, each["loc"][1:])) or "body" for each in mistakes]
    return _refusal(
        422, "; ".join(f"{place}: {each['msg']}" for place, each in zip(places, mistakes, strict=True))
    )
