import django.db.models.deletion
from django.db import migrations, models

import base.clock


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0004_context_in_epochs"),
        ("interviews", "0005_workspace_and_clock"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelAssignment",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("chat", "Chat with the candidate"),
                            ("hint", "Hints"),
                            ("score", "Scoring"),
                            ("generate", "Questions"),
                        ],
                        max_length=16,
                        verbose_name="purpose",
                    ),
                ),
                ("model", models.CharField(max_length=100, verbose_name="model")),
                (
                    "note",
                    models.CharField(blank=True, max_length=200, verbose_name="why"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="from"),
                ),
            ],
            options={
                "verbose_name": "model of a purpose",
                "verbose_name_plural": "models of purposes",
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
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
                ("name", models.CharField(max_length=100, verbose_name="model")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("facts", models.JSONField(default=dict, verbose_name="facts")),
                (
                    "digest",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="what changed"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=base.clock.now, verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "model version",
                "verbose_name_plural": "model versions",
                "ordering": ["name", "-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("name", "number"), name="model_version_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelChoice",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("chat", "Chat with the candidate"),
                            ("hint", "Hints"),
                            ("score", "Scoring"),
                            ("generate", "Questions"),
                        ],
                        max_length=16,
                        verbose_name="purpose",
                    ),
                ),
                ("cohort", models.PositiveIntegerField(verbose_name="cohort")),
                ("model", models.CharField(max_length=100, verbose_name="model")),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="from"),
                ),
                (
                    "assessment_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_choices",
                        to="interviews.assessmentversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "model of a cohort",
                "verbose_name_plural": "models of cohorts",
                "ordering": ["assessment_version", "purpose", "cohort"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("assessment_version", "purpose", "cohort"),
                        name="model_choice_cohort_unique",
                    )
                ],
            },
        ),
    ]
