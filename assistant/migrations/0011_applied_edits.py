"""Edits that a policy applies at once: their states, and where they were put."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assistant", "0010_model_calls")]

    operations = [
        migrations.AddField(
            model_name="proposalhunk",
            name="put_start",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="proposalhunk",
            name="put_version",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="proposalhunk",
            name="state",
            field=models.CharField(
                choices=[
                    ("undecided", "Undecided"),
                    ("accepted", "Accepted"),
                    ("edited", "Accepted with changes"),
                    ("refused", "Refused"),
                    ("applied", "Applied at once, by the policy"),
                    ("taken_back", "Applied by the policy, taken back"),
                ],
                default="undecided",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]
