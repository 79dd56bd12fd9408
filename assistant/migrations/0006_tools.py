"""Calls of tools, and a turn's further calls to the model once its tools have run."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock
import base.ids


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0005_models_as_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="contextepoch",
            name="tools",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="assistant.contextblock",
            ),
        ),
        migrations.AlterField(
            model_name="contextepoch",
            name="reason",
            field=models.CharField(
                choices=[
                    ("first", "First question"),
                    ("size", "The last one was full"),
                    ("system", "Another section or wording of the prompt"),
                    ("model", "Another model"),
                    ("tools", "Other tools"),
                    ("refused", "The provider refused the last one"),
                ],
                max_length=10,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            model_name="contextitem",
            name="kind",
            field=models.CharField(
                choices=[
                    ("file", "File, whole"),
                    ("change", "Changes of a file"),
                    ("gone", "File deleted or renamed"),
                    ("run", "Test output"),
                    ("message", "Question"),
                    ("note", "Note"),
                    ("answer", "Answer"),
                    ("call", "Call of a tool"),
                    ("result", "Result of a tool"),
                    ("decision", "Decision of the candidate"),
                    ("image", "Image"),
                ],
                max_length=8,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="contextrequest",
            name="turn",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="requests",
                to="assistant.turn",
            ),
        ),
        migrations.AddField(
            model_name="contextrequest",
            name="step",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="step"),
        ),
        migrations.AddField(
            model_name="contextrequest",
            name="shown",
            field=models.PositiveIntegerField(default=0, verbose_name="text before it"),
        ),
        migrations.AddConstraint(
            model_name="contextrequest",
            constraint=models.UniqueConstraint(
                fields=("turn", "step"), name="context_request_step_unique"
            ),
        ),
        migrations.CreateModel(
            name="ToolCall",
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
                ("step", models.PositiveSmallIntegerField(verbose_name="step")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                ("call_id", models.CharField(max_length=128, verbose_name="call")),
                ("name", models.CharField(max_length=128, verbose_name="tool")),
                ("input", models.JSONField(default=dict, verbose_name="input")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="running",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "detail",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="result in short"
                    ),
                ),
                (
                    "covers",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                (
                    "offset",
                    models.PositiveIntegerField(
                        default=0, verbose_name="text before it"
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="began"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "result",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistant.contextblock",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tool_calls",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "tool call",
                "verbose_name_plural": "tool calls",
                "ordering": ["turn", "step", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("turn", "step", "number"),
                        name="tool_call_place_unique",
                    )
                ],
            },
        ),
    ]
