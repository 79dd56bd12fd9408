"""The addresses of the page about money, strict policy."""

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from interviewlm.costs import views

app_name = "costs"

# Django's own `admin_view` guards them: our site's would add unfold's looser policy.
urlpatterns = [
    path("", AdminSite.admin_view(admin.site, views.show_costs), name="costs-show"),
    path(
        "csv/", AdminSite.admin_view(admin.site, views.download_csv), name="costs-csv"
    ),
]
