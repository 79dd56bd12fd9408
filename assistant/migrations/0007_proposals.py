"""Proposed edits and questions to the candidate, and turns that go on after them."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock
import base.ids


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0006_tools"),
    ]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="follows",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="follow_up",
                to="assistant.turn",
            ),
        ),
        migrations.CreateModel(
            name="EditProposal",
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
                ("call_id", models.CharField(max_length=128)),
                (
                    "summary",
                    models.CharField(
                        blank=True, max_length=500, verbose_name="summary"
                    ),
                ),
                ("is_parking", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=base.clock.now, verbose_name="proposed"
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed edit",
                "verbose_name_plural": "proposed edits",
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="ProposalHunk",
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
                ("number", models.PositiveSmallIntegerField()),
                ("path", models.CharField(max_length=255, verbose_name="file")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("change", "Change"),
                            ("create", "New file"),
                            ("delete", "Delete file"),
                        ],
                        max_length=6,
                        verbose_name="action",
                    ),
                ),
                ("document", models.BigIntegerField(null=True)),
                ("base_version", models.PositiveIntegerField(default=0)),
                ("base_hash", models.CharField(blank=True, max_length=64)),
                ("start", models.PositiveIntegerField(default=0)),
                ("end", models.PositiveIntegerField(default=0)),
                ("line", models.PositiveIntegerField(default=1)),
                ("old", models.TextField(blank=True)),
                ("new", models.TextField(blank=True)),
                ("text", models.TextField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("undecided", "Undecided"),
                            ("accepted", "Accepted"),
                            ("edited", "Accepted with changes"),
                            ("refused", "Refused"),
                        ],
                        default="undecided",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("seq", models.PositiveIntegerField(null=True)),
                ("units", models.PositiveIntegerField(default=0)),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hunks",
                        to="assistant.editproposal",
                    ),
                ),
                (
                    "told_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a proposed edit",
                "verbose_name_plural": "parts of proposed edits",
                "ordering": ["proposal", "number"],
            },
        ),
        migrations.CreateModel(
            name="CandidateQuestion",
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
                ("call_id", models.CharField(max_length=128)),
                ("text", models.CharField(max_length=500, verbose_name="question")),
                ("options", models.JSONField(default=list, verbose_name="options")),
                ("allows_several", models.BooleanField(default=False)),
                ("is_parking", models.BooleanField(default=False)),
                ("answer", models.JSONField(null=True, verbose_name="answer")),
                (
                    "is_skipped",
                    models.BooleanField(default=False, verbose_name="skipped"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="asked"),
                ),
                (
                    "answered_at",
                    models.DateTimeField(null=True, verbose_name="answered"),
                ),
                (
                    "told_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="assistant.turn",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="assistant.turn",
                    ),
                ),
            ],
            options={
                "verbose_name": "question to the candidate",
                "verbose_name_plural": "questions to the candidate",
                "ordering": ["created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("turn", "call_id"), name="question_call_unique"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="editproposal",
            constraint=models.UniqueConstraint(
                fields=("turn", "call_id"), name="proposal_call_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposalhunk",
            constraint=models.UniqueConstraint(
                fields=("proposal", "number"), name="hunk_number_unique"
            ),
        ),
    ]
