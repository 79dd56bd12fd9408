from django.db import migrations, models

import billing.fields


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_report_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageDay",
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
                ("payer", models.CharField(max_length=64, verbose_name="payer")),
                ("day", models.DateField(verbose_name="day, UTC")),
                ("purpose", models.CharField(max_length=32, verbose_name="purpose")),
                ("provider", models.CharField(max_length=32, verbose_name="provider")),
                (
                    "model",
                    models.CharField(blank=True, max_length=100, verbose_name="model"),
                ),
                (
                    "meter",
                    models.CharField(
                        choices=[
                            ("tokens", "model tokens"),
                            ("sandbox.ms", "sandbox time"),
                            ("storage.byte_days", "storage"),
                            ("egress.bytes", "egress"),
                        ],
                        default="tokens",
                        max_length=32,
                        verbose_name="meter",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("finished", "finished"),
                            ("stopped", "stopped by a person"),
                            ("refused", "refused by the model"),
                            ("failed", "failed"),
                            ("timed_out", "timed out"),
                            ("interrupted", "interrupted"),
                            ("lost", "never came back"),
                            ("correction", "correction"),
                        ],
                        max_length=16,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "key_label",
                    models.CharField(blank=True, max_length=64, verbose_name="key"),
                ),
                (
                    "group",
                    models.CharField(blank=True, max_length=64, verbose_name="group"),
                ),
                (
                    "is_simulated",
                    models.BooleanField(default=False, verbose_name="simulated"),
                ),
                ("rows", models.BigIntegerField(default=0, verbose_name="rows")),
                (
                    "calls",
                    models.BigIntegerField(
                        default=0, verbose_name="rows that correct nothing"
                    ),
                ),
                (
                    "quantity",
                    models.BigIntegerField(default=0, verbose_name="quantity"),
                ),
                (
                    "input_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="uncached input tokens"
                    ),
                ),
                (
                    "cache_write_5m_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="tokens written to the 5-minute cache"
                    ),
                ),
                (
                    "cache_write_1h_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="tokens written to the 1-hour cache"
                    ),
                ),
                (
                    "cache_read_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="tokens read from the cache"
                    ),
                ),
                (
                    "output_tokens",
                    models.BigIntegerField(default=0, verbose_name="output tokens"),
                ),
                (
                    "thinking_tokens",
                    models.BigIntegerField(default=0, verbose_name="of which thinking"),
                ),
                (
                    "audio_input_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="audio input tokens"
                    ),
                ),
                (
                    "audio_cached_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="cached audio tokens"
                    ),
                ),
                (
                    "audio_output_tokens",
                    models.BigIntegerField(
                        default=0, verbose_name="audio output tokens"
                    ),
                ),
                (
                    "cost_usd",
                    billing.fields.UsdField(
                        default=0, verbose_name="cost in US dollars"
                    ),
                ),
                (
                    "saved_usd",
                    billing.fields.UsdField(
                        default=0, verbose_name="saved by the cache"
                    ),
                ),
            ],
            options={
                "verbose_name": "day of usage",
                "verbose_name_plural": "days of usage",
                "ordering": ["-day", "payer", "purpose", "model"],
                "indexes": [models.Index(fields=["day"], name="usage_day_of_all")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "payer",
                            "day",
                            "purpose",
                            "provider",
                            "model",
                            "meter",
                            "outcome",
                            "key_label",
                            "group",
                            "is_simulated",
                        ),
                        name="usage_day_unique",
                    )
                ],
            },
        ),
    ]
