"""The admin pages, all below one path: a new page is a file of its own and a word in PARTS."""

from fastapi import APIRouter

from newsletter.web import admin_door, admin_editions, admin_runs, admin_today, admin_why

PARTS = (admin_door, admin_today, admin_editions, admin_why, admin_runs)
router = APIRouter()
for each in PARTS:
    router.include_router(each.router)
