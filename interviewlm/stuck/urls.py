"""The address of the list of live interviews that need a look, strict policy."""

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from interviewlm.stuck import views

app_name = "stuck"

# Django's own `admin_view` guards it: our site's would add unfold's looser policy.
urlpatterns = [
    path("", AdminSite.admin_view(admin.site, views.show_stuck), name="stuck-show")
]
