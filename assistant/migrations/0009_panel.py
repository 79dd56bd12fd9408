"""Pictures sent along with questions, and questions edited after they were asked."""

import django.db.models.deletion
from django.db import migrations, models

import base.clock
import base.ids


class Migration(migrations.Migration):
    dependencies = [
        ("assistant", "0008_hints"),
    ]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="replaces",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replacement",
                to="assistant.turn",
            ),
        ),
        migrations.CreateModel(
            name="Attachment",
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
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="position"
                    ),
                ),
                ("client_id", models.CharField(max_length=64)),
                ("content", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=20, verbose_name="kind")),
                ("hash", models.CharField(max_length=64, verbose_name="content hash")),
                ("size", models.PositiveIntegerField(verbose_name="bytes")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                (
                    "created_at",
                    models.DateTimeField(default=base.clock.now, verbose_name="pasted"),
                ),
                (
                    "interview",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="interviews.interview",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="assistant.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "picture",
                "verbose_name_plural": "pictures",
                "ordering": ["message", "position", "created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("interview", "client_id"),
                        name="attachment_client_id_unique",
                    )
                ],
            },
        ),
    ]
