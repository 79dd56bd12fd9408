"""Each request to a model takes from its organisation's minute."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0001_initial"),
        ("assistant", "0012_loose_contents_and_tool_flags"),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="RequestBucket",
            fields=[
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.organisation",
                    ),
                ),
                ("full_at", models.DateTimeField(verbose_name="full at")),
            ],
            options={
                "verbose_name": "requests of a minute",
                "verbose_name_plural": "requests of a minute",
            },
        ),
    ]
