"""Recorded time is a meter of its own."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("billing", "0007_sum_usage_up_by_day"),
    ]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="meterprice",
            name="meter",
            field=models.CharField(
                choices=[
                    ("tokens", "model tokens"),
                    ("sandbox.ms", "sandbox time"),
                    ("recording.ms", "recorded time"),
                    ("storage.byte_days", "storage"),
                    ("egress.bytes", "egress"),
                ],
                max_length=32,
                verbose_name="meter",
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="meter",
            field=models.CharField(
                choices=[
                    ("tokens", "model tokens"),
                    ("sandbox.ms", "sandbox time"),
                    ("recording.ms", "recorded time"),
                    ("storage.byte_days", "storage"),
                    ("egress.bytes", "egress"),
                ],
                default="tokens",
                max_length=32,
                verbose_name="meter",
            ),
        ),
        migrations.AlterField(
            model_name="usageday",
            name="meter",
            field=models.CharField(
                choices=[
                    ("tokens", "model tokens"),
                    ("sandbox.ms", "sandbox time"),
                    ("recording.ms", "recorded time"),
                    ("storage.byte_days", "storage"),
                    ("egress.bytes", "egress"),
                ],
                default="tokens",
                max_length=32,
                verbose_name="meter",
            ),
        ),
    ]
