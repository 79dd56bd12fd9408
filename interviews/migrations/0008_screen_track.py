"""Recording the screen, where an assessment asks for it."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("interviews", "0007_applies_edits")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="assessmentversion",
            name="records_screen",
            field=models.BooleanField(
                default=False, verbose_name="screen recorded too"
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("records_screen", False), ("is_recorded", True), _connector="OR"
                ),
                name="assessment_version_screen_beside_camera",
            ),
        ),
    ]
