"""Terminals."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    """See the models."""

    dependencies = [("interviews", "0008_screen_track")]

    operations = [
        migrations.CreateModel(
            name="TerminalRecording",
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
                (
                    "owner",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                (
                    "recorded_bytes",
                    models.PositiveBigIntegerField(default=0, verbose_name="bytes"),
                ),
                (
                    "is_full",
                    models.BooleanField(default=False, verbose_name="limit reached"),
                ),
                (
                    "interview",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terminal_recording",
                        to="interviews.interview",
                    ),
                ),
            ],
            options={
                "verbose_name": "terminal recording",
                "verbose_name_plural": "terminal recordings",
            },
        ),
        migrations.CreateModel(
            name="Terminal",
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
                ("name", models.CharField(max_length=8, verbose_name="name")),
                (
                    "shell",
                    models.CharField(blank=True, editable=False, max_length=120),
                ),
                (
                    "recorded_shell",
                    models.CharField(blank=True, editable=False, max_length=120),
                ),
                (
                    "ended_shell",
                    models.CharField(blank=True, editable=False, max_length=120),
                ),
                (
                    "next_block",
                    models.PositiveIntegerField(default=0, editable=False),
                ),
                (
                    "rows",
                    models.PositiveSmallIntegerField(default=0, verbose_name="rows"),
                ),
                (
                    "cols",
                    models.PositiveSmallIntegerField(default=0, verbose_name="columns"),
                ),
                (
                    "used_ms",
                    models.PositiveIntegerField(
                        default=0, verbose_name="milliseconds used"
                    ),
                ),
                (
                    "used_until_ms",
                    models.PositiveBigIntegerField(default=0, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=base.clock.now, verbose_name="updated"
                    ),
                ),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terminals",
                        to="interviews.interview",
                    ),
                ),
            ],
            options={
                "verbose_name": "terminal",
                "verbose_name_plural": "terminals",
                "ordering": ["interview", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("interview", "name"), name="terminal_name_unique"
                    )
                ],
            },
        ),
    ]
