"""Hangs the review desk, which composes every app's pages, into the admin."""

from interviewlm.review.urls import build_urls
from interviews.admin.pages import register_pages

register_pages(build_urls)
