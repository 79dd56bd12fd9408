"""Hangs what composes every app's figures and pages into the admin."""

from accounts.dashboard import register_panel
from interviewlm.costs.panel import TEMPLATE, build_panel
from interviewlm.review.urls import build_urls
from interviews.admin.pages import register_pages

register_pages(build_urls)
register_panel("costs", template=TEMPLATE, build=build_panel, position=50)
