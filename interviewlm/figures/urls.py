"""The addresses of the page about models' figures, strict policy."""

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from interviewlm.figures import views

app_name = "figures"

# Django's own `admin_view` guards it: our site's would add unfold's looser policy.
urlpatterns = [
    path("", AdminSite.admin_view(admin.site, views.show_figures), name="figures-show")
]
