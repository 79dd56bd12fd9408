"""The choices of a language come from the registry: adding one needs no migration."""

from django.db import migrations, models

import interviews.languages


class Migration(migrations.Migration):
    dependencies = [
        ("interviews", "0003_event_base_manager"),
    ]

    operations = [
        migrations.AlterField(
            model_name="problemversion",
            name="language",
            field=models.CharField(
                choices=interviews.languages.language_choices,
                max_length=12,
                verbose_name="language",
            ),
        ),
    ]
