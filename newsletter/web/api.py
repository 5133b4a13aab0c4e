"""The JSON API: subscribe, preferences by token, papers, archive; the same rules and limits as the pages."""

from fastapi import APIRouter

from newsletter.web import api_papers, api_subscriptions

router = APIRouter()
router.include_router(api_papers.router)
router.include_router(api_subscriptions.router)
