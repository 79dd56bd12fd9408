from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import base.clock


def freeze_known_versions(apps: Any, _schema_editor: Any) -> None:
    """Whatever there is was shipped or put into use by hand: no drafts so far."""
    versions = apps.get_model("assistant", "PromptVersion").objects
    versions.filter(frozen_at=None).update(frozen_at=models.F("created_at"))


_GUARD = {
    "postgresql": (
        """
        CREATE FUNCTION assistant_refuse_new_wording() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION 'a fixed prompt version keeps its wording'
                USING ERRCODE = 'check_violation';
        END $$ LANGUAGE plpgsql
        """,
        """
        CREATE TRIGGER assistant_version_is_fixed
        BEFORE UPDATE ON assistant_promptversion FOR EACH ROW
        WHEN (OLD.frozen_at IS NOT NULL
            AND (OLD.text, OLD.number, OLD.prompt_id, OLD.frozen_at)
                IS DISTINCT FROM (NEW.text, NEW.number, NEW.prompt_id, NEW.frozen_at))
        EXECUTE FUNCTION assistant_refuse_new_wording()
        """,
    ),
    "sqlite": (
        """
        CREATE TRIGGER assistant_version_is_fixed
        BEFORE UPDATE ON assistant_promptversion FOR EACH ROW
        WHEN OLD.frozen_at IS NOT NULL
            AND (OLD.text IS NOT NEW.text OR OLD.number IS NOT NEW.number
                OR OLD.prompt_id IS NOT NEW.prompt_id
                OR OLD.frozen_at IS NOT NEW.frozen_at)
        BEGIN
            SELECT RAISE(ABORT, 'a fixed prompt version keeps its wording');
        END
        """,
    ),
}
_UNGUARD = {
    "postgresql": (
        "DROP TRIGGER assistant_version_is_fixed ON assistant_promptversion",
        "DROP FUNCTION assistant_refuse_new_wording()",
    ),
    "sqlite": ("DROP TRIGGER assistant_version_is_fixed",),
}


def guard_versions(_apps: Any, schema_editor: Any) -> None:
    """Have the database keep fixed wordings. SQLite drops this when a table is remade."""
    for statement in _GUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def unguard_versions(_apps: Any, schema_editor: Any) -> None:
    """Let go of them."""
    for statement in _UNGUARD[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0002_turn_reservation"),
        ("interviews", "0005_workspace_and_clock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="promptversion",
            name="author",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="author",
            ),
        ),
        migrations.AddField(
            model_name="promptversion",
            name="frozen_at",
            field=models.DateTimeField(
                editable=False, null=True, verbose_name="fixed since"
            ),
        ),
        migrations.AlterField(
            model_name="prompt",
            name="active",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="assistant.promptversion",
                verbose_name="in use",
            ),
        ),
        migrations.AlterField(
            model_name="prompt",
            name="purpose",
            field=models.CharField(
                choices=[("chat", "Chat with the candidate"), ("score", "Scoring")],
                max_length=16,
                unique=True,
                verbose_name="purpose",
            ),
        ),
        migrations.CreateModel(
            name="Feedback",
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
                    "rating",
                    models.CharField(
                        choices=[("up", "Helpful"), ("down", "Not helpful")],
                        max_length=4,
                        verbose_name="rating",
                    ),
                ),
                (
                    "rated_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="rated"),
                ),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="assistant.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "rating",
                "verbose_name_plural": "ratings",
                "ordering": ["-rated_at"],
            },
        ),
        migrations.CreateModel(
            name="PromptActivation",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("shipped", "Shipped with the program"),
                            ("chosen", "Put into use"),
                            ("rolled_back", "Rolled back"),
                            ("won", "Won an experiment"),
                        ],
                        max_length=12,
                        verbose_name="how",
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, max_length=200, verbose_name="why"),
                ),
                (
                    "at",
                    models.DateTimeField(default=base.clock.now, verbose_name="time"),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="assistant.prompt",
                    ),
                ),
                (
                    "replaced",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assistant.promptversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assistant.promptversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of wording",
                "verbose_name_plural": "changes of wording",
                "ordering": ["prompt", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="PromptExperiment",
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
                    "name",
                    models.CharField(max_length=80, unique=True, verbose_name="name"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("running", "Running"),
                            ("stopped", "Stopped"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=base.clock.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="started"
                    ),
                ),
                (
                    "stopped_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="stopped"
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="experiments",
                        to="assistant.prompt",
                    ),
                ),
            ],
            options={
                "verbose_name": "prompt experiment",
                "verbose_name_plural": "prompt experiments",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="PromptVariant",
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
                    "weight",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[django.core.validators.MaxValueValidator(1000)],
                        verbose_name="weight",
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="variants",
                        to="assistant.promptexperiment",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assistant.promptversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "variant",
                "verbose_name_plural": "variants",
                "ordering": ["experiment", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PromptAssignment",
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
                    "at",
                    models.DateTimeField(default=base.clock.now, verbose_name="time"),
                ),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prompt_assignments",
                        to="interviews.interview",
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="assistant.promptexperiment",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="assistant.promptvariant",
                    ),
                ),
            ],
            options={
                "verbose_name": "assignment",
                "verbose_name_plural": "assignments",
                "ordering": ["experiment", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="promptexperiment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("prompt",),
                name="experiment_one_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="promptexperiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("started_at__isnull", True),
                        ("state", "draft"),
                        ("stopped_at__isnull", True),
                    ),
                    models.Q(
                        ("started_at__isnull", False),
                        ("state", "running"),
                        ("stopped_at__isnull", True),
                    ),
                    models.Q(
                        ("started_at__isnull", False),
                        ("state", "stopped"),
                        ("stopped_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="experiment_times_match_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="promptvariant",
            constraint=models.UniqueConstraint(
                fields=("experiment", "version"), name="variant_version_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="promptvariant",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__lte", 1000)), name="variant_weight_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="promptassignment",
            constraint=models.UniqueConstraint(
                fields=("experiment", "interview"), name="assignment_unique"
            ),
        ),
        migrations.RunPython(freeze_known_versions, migrations.RunPython.noop),
        migrations.RunPython(guard_versions, unguard_versions),
    ]
