"""Tickets: what a browser announced to send; and whether its candidate was written to."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    dependencies: ClassVar = [("recordings", "0002_segment_codecs")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="UploadTicket",
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
                ("index", models.PositiveIntegerField(verbose_name="index")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("start_ms", models.PositiveBigIntegerField(verbose_name="start")),
                ("duration_ms", models.PositiveIntegerField(verbose_name="duration")),
                ("key", models.CharField(max_length=300, verbose_name="storage key")),
                ("is_direct", models.BooleanField(verbose_name="direct")),
                (
                    "issued_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="issued"),
                ),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, verbose_name="expires"),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tickets",
                        to="recordings.segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "upload ticket",
                "verbose_name_plural": "upload tickets",
                "ordering": ["segment", "index"],
            },
        ),
        migrations.AddConstraint(
            model_name="uploadticket",
            constraint=models.UniqueConstraint(
                fields=("segment", "index"), name="ticket_index_unique"
            ),
        ),
        migrations.AddField(
            model_name="recording",
            name="told_at",
            field=models.DateTimeField(null=True, verbose_name="candidate told"),
        ),
    ]
