import django.db.models.deletion
from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0003_prompts_and_experiments"),
        ("interviews", "0005_workspace_and_clock"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContextBlock",
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
                ("hash", models.CharField(max_length=64, verbose_name="content hash")),
                ("content", models.TextField(verbose_name="content")),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="context_blocks",
                        to="interviews.interview",
                    ),
                ),
            ],
            options={
                "verbose_name": "context block",
                "verbose_name_plural": "context blocks",
                "ordering": ["interview", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("interview", "hash"), name="context_block_hash_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContextEpoch",
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
                ("number", models.PositiveIntegerField(verbose_name="number")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("first", "First question"),
                            ("size", "The last one was full"),
                            ("system", "Another section or wording of the prompt"),
                            ("model", "Another model"),
                            ("refused", "The provider refused the last one"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                ("model", models.CharField(max_length=100, verbose_name="model")),
                (
                    "kept",
                    models.PositiveIntegerField(
                        default=0, verbose_name="items carried over"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="began"),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="epochs",
                        to="assistant.conversation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistant.contextblock",
                    ),
                ),
            ],
            options={
                "verbose_name": "context epoch",
                "verbose_name_plural": "context epochs",
                "ordering": ["conversation", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conversation", "number"),
                        name="context_epoch_number_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContextItem",
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
                ("position", models.PositiveIntegerField(verbose_name="position")),
                (
                    "role",
                    models.CharField(
                        choices=[("user", "Candidate"), ("assistant", "Assistant")],
                        max_length=9,
                        verbose_name="role",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("file", "File, whole"),
                            ("change", "Changes of a file"),
                            ("gone", "File deleted or renamed"),
                            ("run", "Test output"),
                            ("message", "Question"),
                            ("note", "Note"),
                            ("answer", "Answer"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "path",
                    models.CharField(blank=True, max_length=240, verbose_name="path"),
                ),
                (
                    "hash",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="content hash"
                    ),
                ),
                (
                    "block",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistant.contextblock",
                    ),
                ),
                (
                    "epoch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="assistant.contextepoch",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "context item",
                "verbose_name_plural": "context items",
                "ordering": ["epoch", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("epoch", "position"),
                        name="context_item_position_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContextRequest",
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
                ("length", models.PositiveIntegerField(verbose_name="items")),
                ("shape", models.JSONField(default=dict, verbose_name="shape")),
                (
                    "epoch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="assistant.contextepoch",
                    ),
                ),
                (
                    "turn",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="request",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "request",
                "verbose_name_plural": "requests",
                "ordering": ["epoch", "length"],
            },
        ),
        migrations.AlterField(
            model_name="turn",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting for the answer before"),
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("finished", "Finished"),
                    ("stopped", "Stopped"),
                    ("failed", "Failed"),
                    ("interrupted", "Interrupted"),
                ],
                default="queued",
                max_length=12,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="turn",
            constraint=models.UniqueConstraint(
                condition=models.Q(state="waiting"),
                fields=("conversation",),
                name="turn_one_waiting",
            ),
        ),
    ]
