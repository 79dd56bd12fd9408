"""An agent whose edits are applied at once, where an assessment says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("interviews", "0006_assistant_limits")]

    operations = [
        migrations.AddField(
            model_name="assessmentversion",
            name="applies_edits",
            field=models.BooleanField(
                default=False,
                verbose_name="the assistant's edits are applied at once",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("applies_edits", False), ("policy", "agent"), _connector="OR"
                ),
                name="assessment_version_applies_as_agent",
            ),
        ),
    ]
