"""Facts of presence, where an assessment asks for them."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("interviews", "0009_terminals")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="assessmentversion",
            name="notes_presence",
            field=models.BooleanField(
                default=False, verbose_name="leaving the page and the like noted"
            ),
        ),
    ]
