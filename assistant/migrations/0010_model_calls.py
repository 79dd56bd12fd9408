"""The audit of calls to models, and who judged in the place of the chosen model."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("assistant", "0009_panel"),
        ("billing", "0007_sum_usage_up_by_day"),
        ("interviews", "0005_workspace_and_clock"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelCall",
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
                    "step",
                    models.PositiveSmallIntegerField(default=0, verbose_name="step"),
                ),
                ("purpose", models.CharField(max_length=32, verbose_name="purpose")),
                ("provider", models.CharField(max_length=32, verbose_name="provider")),
                ("asked", models.CharField(max_length=100, verbose_name="model asked")),
                (
                    "answered",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="model that answered"
                    ),
                ),
                (
                    "fallback_from",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="instead of"
                    ),
                ),
                (
                    "key_label",
                    models.CharField(blank=True, max_length=64, verbose_name="key"),
                ),
                (
                    "is_simulated",
                    models.BooleanField(default=False, verbose_name="simulated"),
                ),
                (
                    "tries",
                    models.PositiveSmallIntegerField(default=1, verbose_name="try"),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="request id"
                    ),
                ),
                (
                    "status",
                    models.PositiveSmallIntegerField(null=True, verbose_name="status"),
                ),
                (
                    "error_code",
                    models.CharField(blank=True, max_length=64, verbose_name="error"),
                ),
                (
                    "stop_reason",
                    models.CharField(
                        blank=True, max_length=32, verbose_name="stop reason"
                    ),
                ),
                (
                    "first_byte_ms",
                    models.PositiveIntegerField(
                        null=True, verbose_name="first byte, ms"
                    ),
                ),
                (
                    "first_token_ms",
                    models.PositiveIntegerField(
                        null=True, verbose_name="first token, ms"
                    ),
                ),
                (
                    "duration_ms",
                    models.PositiveIntegerField(null=True, verbose_name="duration, ms"),
                ),
                (
                    "bytes_out",
                    models.PositiveBigIntegerField(
                        default=0, verbose_name="bytes sent"
                    ),
                ),
                (
                    "bytes_in",
                    models.PositiveBigIntegerField(
                        default=0, verbose_name="bytes received"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=base.clock.now, verbose_name="time"),
                ),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_calls",
                        to="interviews.interview",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "sent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistant.contextrequest",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_calls",
                        to="assistant.turn",
                    ),
                ),
                (
                    "usage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.usage",
                    ),
                ),
            ],
            options={
                "verbose_name": "model call",
                "verbose_name_plural": "model calls",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["organisation", "-at"], name="model_call_owner_at"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="scorerun",
            name="fallback_from",
            field=models.CharField(
                blank=True, max_length=100, verbose_name="instead of"
            ),
        ),
    ]
