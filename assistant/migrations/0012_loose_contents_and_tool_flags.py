"""Contents of pictures that no picture stands for are noted until they are swept."""

from typing import ClassVar

from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    dependencies: ClassVar = [("assistant", "0011_applied_edits")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="LooseContent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("content", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(default=base.clock.now)),
            ],
            options={
                "verbose_name": "loose content",
                "verbose_name_plural": "loose contents",
                "ordering": ["created_at"],
            },
        ),
    ]
