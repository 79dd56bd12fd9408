"""Media that were deleted by retention, and rows whose file is gone."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("recordings", "0004_assets")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="recording",
            name="deleted_at",
            field=models.DateTimeField(null=True, verbose_name="media deleted"),
        ),
        migrations.AddField(
            model_name="asset",
            name="deleted_at",
            field=models.DateTimeField(null=True, verbose_name="deleted"),
        ),
        migrations.AddField(
            model_name="asset",
            name="missing_at",
            field=models.DateTimeField(null=True, verbose_name="found missing"),
        ),
        migrations.AlterField(
            model_name="recording",
            name="state",
            field=models.CharField(
                choices=[
                    ("recording", "Recording"),
                    ("assembled", "Assembled"),
                    ("empty", "Nothing recorded"),
                    ("failed", "Failed"),
                    ("deleted", "Deleted by retention"),
                ],
                default="recording",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]
