"""What an assessment lets the assistant use, below the product's limits, and hints."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("interviews", "0005_workspace_and_clock")]

    operations = [
        migrations.AddField(
            model_name="assessmentversion",
            name="assistant_limits",
            field=models.JSONField(
                blank=True,
                default=dict,
                verbose_name="lower limits of the assistant",
            ),
        ),
        migrations.AddField(
            model_name="assessmentversion",
            name="has_hints",
            field=models.BooleanField(default=True, verbose_name="hint ladder offered"),
        ),
    ]
