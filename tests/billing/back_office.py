"""What the tests of the money pages share: signing in, addresses, actions."""

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def list_url(model: type[Model]) -> str:
    return reverse(f"admin:billing_{model._meta.model_name}_changelist")


def change_url(row: Model) -> str:
    return reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])


def act(client: Client, action: str, *rows: Model, **values: str) -> str:
    """Run an action on rows and return the page it ends on."""
    answer = client.post(
        list_url(type(rows[0])),
        {
            "action": action,
            ACTION_CHECKBOX_NAME: [str(row.pk) for row in rows],
            **values,
        },
        follow=True,
    )
    return answer.content.decode()
