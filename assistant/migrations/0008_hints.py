"""Hints that candidates took, and the wording that asks a model for one."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock
import base.ids


class Migration(migrations.Migration):
    dependencies = [("assistant", "0007_proposals")]

    operations = [
        migrations.AlterField(
            model_name="prompt",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("chat", "Chat with the candidate"),
                    ("score", "Scoring"),
                    ("hint", "Hints"),
                ],
                max_length=16,
                unique=True,
                verbose_name="purpose",
            ),
        ),
        migrations.CreateModel(
            name="HintUse",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=base.ids.new_uuid,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("section", models.PositiveSmallIntegerField(verbose_name="section")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("problem", "Written with the problem"),
                            ("model", "The assistant"),
                        ],
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Being written"),
                            ("taken", "Taken"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("client_id", models.CharField(max_length=64)),
                ("text", models.TextField(blank=True, verbose_name="text")),
                (
                    "context",
                    models.JSONField(
                        default=dict, verbose_name="files and results sent along"
                    ),
                ),
                (
                    "model",
                    models.CharField(blank=True, max_length=100, verbose_name="model"),
                ),
                (
                    "is_simulated",
                    models.BooleanField(default=False, verbose_name="simulated"),
                ),
                (
                    "error_code",
                    models.CharField(blank=True, max_length=40, verbose_name="error"),
                ),
                (
                    "error_message",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="message"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="asked"),
                ),
                ("taken_at", models.DateTimeField(null=True, verbose_name="taken")),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hints",
                        to="interviews.interview",
                    ),
                ),
                (
                    "prompt_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assistant.promptversion",
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
                "verbose_name": "hint taken",
                "verbose_name_plural": "hints taken",
                "ordering": ["interview", "section", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("interview", "client_id"), name="hint_client_id_unique"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "failed"), _negated=True),
                        fields=("interview", "section", "number"),
                        name="hint_number_unique",
                    ),
                ],
            },
        ),
    ]
