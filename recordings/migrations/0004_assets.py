"""What assembly makes beside the playable file, and when it did."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("recordings", "0003_uploads")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="asset",
            name="kind",
            field=models.CharField(
                choices=[
                    ("playable", "Playable recording"),
                    ("poster", "Poster"),
                    ("sprites", "Preview pictures"),
                    ("sprite_index", "Index of preview pictures"),
                    ("waveform", "Waveform"),
                    ("rendition", "Copy for other players"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="chunk",
            name="state",
            field=models.CharField(
                choices=[
                    ("stored", "Stored"),
                    ("damaged", "Damaged"),
                    ("released", "Only in the finished file"),
                ],
                default="stored",
                max_length=8,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="source_sha256",
            field=models.CharField(
                blank=True, max_length=64, verbose_name="SHA-256 of the source"
            ),
        ),
        migrations.AddField(
            model_name="recording",
            name="assembled_at",
            field=models.DateTimeField(null=True, verbose_name="assembled"),
        ),
    ]
