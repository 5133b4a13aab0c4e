"""The admin pages, all below one path: a new page is a file of its own and a word in PARTS."""

from fastapi import APIRouter

from newsletter.web import (
    admin_deliveries,
    admin_door,
    admin_editions,
    admin_password,
    admin_reader,
    admin_runs,
    admin_sources,
    admin_subscribers,
    admin_suppression,
    admin_templates,
    admin_today,
    admin_topics,
    admin_why,
    studio,
)

PARTS = (
    *(admin_door, admin_password),
    *(admin_today, admin_editions, studio, admin_why, admin_runs),
    *(admin_deliveries, admin_subscribers, admin_reader),
    *(admin_sources, admin_topics, admin_suppression, admin_templates),
)
router = APIRouter()
for each in PARTS:
    router.include_router(each.router)
