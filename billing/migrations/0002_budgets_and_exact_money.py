from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

import base.clock
import base.ids
import billing.fields


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
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
                    "payer",
                    models.CharField(
                        blank=True, max_length=64, unique=True, verbose_name="payer"
                    ),
                ),
                (
                    "stopped_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="spending stopped"
                    ),
                ),
                (
                    "stop_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="reason"),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="created"),
                ),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
                "ordering": ["payer"],
            },
        ),
        migrations.CreateModel(
            name="Budget",
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
                    "payer",
                    models.CharField(blank=True, max_length=64, verbose_name="payer"),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("reference", "each interview"),
                            ("payer_month", "organisation, per month"),
                            ("key_day", "key, per day"),
                        ],
                        max_length=16,
                        verbose_name="over",
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="one only"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(blank=True, max_length=32, verbose_name="purpose"),
                ),
                (
                    "soft_usd",
                    billing.fields.UsdField(
                        blank=True, null=True, verbose_name="soft limit, US dollars"
                    ),
                ),
                (
                    "hard_usd",
                    billing.fields.UsdField(
                        blank=True, null=True, verbose_name="hard limit, US dollars"
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(default=True, verbose_name="in force"),
                ),
                (
                    "changed_at",
                    models.DateTimeField(auto_now=True, verbose_name="changed"),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "ordering": ["payer", "scope", "subject", "purpose"],
            },
        ),
        migrations.CreateModel(
            name="BudgetAlert",
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
                    "level",
                    models.CharField(
                        choices=[
                            ("soft", "soft limit"),
                            ("50", "50 %"),
                            ("80", "80 %"),
                            ("100", "100 %"),
                        ],
                        max_length=4,
                        verbose_name="level",
                    ),
                ),
                (
                    "limit_usd",
                    billing.fields.UsdField(verbose_name="limit, US dollars"),
                ),
                (
                    "spent_usd",
                    billing.fields.UsdField(verbose_name="spent, US dollars"),
                ),
                (
                    "at",
                    models.DateTimeField(default=base.clock.now, verbose_name="time"),
                ),
                (
                    "told_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="told"),
                ),
            ],
            options={
                "verbose_name": "budget alert",
                "verbose_name_plural": "budget alerts",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="MeterPrice",
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
                    "meter",
                    models.CharField(
                        choices=[
                            ("tokens", "model tokens"),
                            ("sandbox.ms", "sandbox time"),
                            ("storage.byte_days", "storage"),
                            ("egress.bytes", "egress"),
                        ],
                        max_length=32,
                        verbose_name="meter",
                    ),
                ),
                ("valid_from", models.DateTimeField(verbose_name="valid from")),
                ("usd", billing.fields.UsdField(verbose_name="US dollars")),
                (
                    "per",
                    models.PositiveBigIntegerField(verbose_name="for so many units"),
                ),
                (
                    "source",
                    models.CharField(blank=True, max_length=200, verbose_name="source"),
                ),
                (
                    "certainty",
                    models.CharField(
                        choices=[
                            ("high", "high: the vendor's own page"),
                            ("medium", "medium: second hand, or a general rule"),
                            ("low", "low: to be checked"),
                        ],
                        default="low",
                        max_length=8,
                        verbose_name="certainty",
                    ),
                ),
                (
                    "checked_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="last checked"
                    ),
                ),
            ],
            options={
                "verbose_name": "meter price",
                "verbose_name_plural": "meter prices",
                "ordering": ["meter", "-valid_from"],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
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
                    "reference",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="reference"
                    ),
                ),
                (
                    "group",
                    models.CharField(blank=True, max_length=64, verbose_name="group"),
                ),
                ("labels", models.JSONField(default=dict, verbose_name="labels")),
                ("provider", models.CharField(max_length=32, verbose_name="provider")),
                ("model", models.CharField(max_length=100, verbose_name="model")),
                ("purpose", models.CharField(max_length=32, verbose_name="purpose")),
                (
                    "key_label",
                    models.CharField(blank=True, max_length=64, verbose_name="key"),
                ),
                (
                    "is_simulated",
                    models.BooleanField(default=False, verbose_name="simulated"),
                ),
                (
                    "amount_usd",
                    billing.fields.UsdField(verbose_name="reserved, US dollars"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("settled", "settled"),
                            ("released", "released"),
                            ("expired", "expired"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=base.clock.now, verbose_name="time"),
                ),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="SpendWindow",
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
                    "payer",
                    models.CharField(blank=True, max_length=64, verbose_name="payer"),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("reference", "each interview"),
                            ("payer_month", "organisation, per month"),
                            ("key_day", "key, per day"),
                        ],
                        max_length=16,
                        verbose_name="over",
                    ),
                ),
                ("subject", models.CharField(max_length=64, verbose_name="subject")),
                (
                    "purpose",
                    models.CharField(blank=True, max_length=32, verbose_name="purpose"),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                (
                    "is_simulated",
                    models.BooleanField(default=False, verbose_name="simulated"),
                ),
                (
                    "spent_usd",
                    billing.fields.UsdField(
                        default=0, verbose_name="spent, US dollars"
                    ),
                ),
                (
                    "reserved_usd",
                    billing.fields.UsdField(
                        default=0, verbose_name="reserved, US dollars"
                    ),
                ),
            ],
            options={
                "verbose_name": "running sum",
                "verbose_name_plural": "running sums",
                "ordering": ["-starts_on", "scope", "subject", "purpose"],
            },
        ),
        migrations.RenameIndex(
            model_name="usage",
            new_name="usage_payer_at",
            old_name="billing_usa_payer_56522e_idx",
        ),
        migrations.RenameIndex(
            model_name="usage",
            new_name="usage_reference",
            old_name="billing_usa_referen_ef3e98_idx",
        ),
        migrations.AddField(
            model_name="modelprice",
            name="audio_cached",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                max_digits=12,
                null=True,
                verbose_name="cached audio input",
            ),
        ),
        migrations.AddField(
            model_name="modelprice",
            name="audio_input",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                max_digits=12,
                null=True,
                verbose_name="audio input",
            ),
        ),
        migrations.AddField(
            model_name="modelprice",
            name="audio_output",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                max_digits=12,
                null=True,
                verbose_name="audio output",
            ),
        ),
        migrations.AddField(
            model_name="modelprice",
            name="batch_factor",
            field=models.DecimalField(
                decimal_places=4,
                default=Decimal("0.5"),
                max_digits=5,
                verbose_name="factor in a batch",
            ),
        ),
        migrations.AddField(
            model_name="modelprice",
            name="certainty",
            field=models.CharField(
                choices=[
                    ("high", "high: the vendor's own page"),
                    ("medium", "medium: second hand, or a general rule"),
                    ("low", "low: to be checked"),
                ],
                default="low",
                max_length=8,
                verbose_name="certainty",
            ),
        ),
        migrations.AddField(
            model_name="modelprice",
            name="checked_on",
            field=models.DateField(blank=True, null=True, verbose_name="last checked"),
        ),
        migrations.AddField(
            model_name="usage",
            name="audio_cached_tokens",
            field=models.BigIntegerField(default=0, verbose_name="cached audio tokens"),
        ),
        migrations.AddField(
            model_name="usage",
            name="audio_input_tokens",
            field=models.BigIntegerField(default=0, verbose_name="audio input tokens"),
        ),
        migrations.AddField(
            model_name="usage",
            name="audio_output_tokens",
            field=models.BigIntegerField(default=0, verbose_name="audio output tokens"),
        ),
        migrations.AddField(
            model_name="usage",
            name="bound_usd",
            field=billing.fields.UsdField(
                default=0, verbose_name="counted against budgets"
            ),
        ),
        migrations.AddField(
            model_name="usage",
            name="corrects",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="billing.usage",
            ),
        ),
        migrations.AddField(
            model_name="usage",
            name="day",
            field=models.DateField(null=True, verbose_name="day, UTC"),
        ),
        migrations.AddField(
            model_name="usage",
            name="error_code",
            field=models.CharField(blank=True, max_length=64, verbose_name="error"),
        ),
        migrations.AddField(
            model_name="usage",
            name="group",
            field=models.CharField(blank=True, max_length=64, verbose_name="group"),
        ),
        migrations.AddField(
            model_name="usage",
            name="idempotency_key",
            field=models.CharField(
                editable=False, max_length=100, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="usage",
            name="is_batch",
            field=models.BooleanField(default=False, verbose_name="batch"),
        ),
        migrations.AddField(
            model_name="usage",
            name="is_estimated",
            field=models.BooleanField(default=False, verbose_name="partly estimated"),
        ),
        migrations.AddField(
            model_name="usage",
            name="key_label",
            field=models.CharField(blank=True, max_length=64, verbose_name="key"),
        ),
        migrations.AddField(
            model_name="usage",
            name="meter",
            field=models.CharField(
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
        migrations.AddField(
            model_name="usage",
            name="note",
            field=models.CharField(blank=True, max_length=200, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="usage",
            name="quantity",
            field=models.BigIntegerField(default=0, verbose_name="quantity"),
        ),
        migrations.AddField(
            model_name="usage",
            name="saved_usd",
            field=billing.fields.UsdField(default=0, verbose_name="saved by the cache"),
        ),
        migrations.AlterField(
            model_name="usage",
            name="cache_read_tokens",
            field=models.BigIntegerField(
                default=0, verbose_name="tokens read from the cache"
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="cache_write_1h_tokens",
            field=models.BigIntegerField(
                default=0, verbose_name="tokens written to the 1-hour cache"
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="cache_write_5m_tokens",
            field=models.BigIntegerField(
                default=0, verbose_name="tokens written to the 5-minute cache"
            ),
        ),
        migrations.RenameField("usage", "cost_usd", "cost_decimal"),
        migrations.AddField(
            model_name="usage",
            name="cost_usd",
            field=billing.fields.UsdField(null=True, verbose_name="cost in US dollars"),
        ),
        migrations.AlterField(
            model_name="usage",
            name="input_tokens",
            field=models.BigIntegerField(
                default=0, verbose_name="uncached input tokens"
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="model",
            field=models.CharField(blank=True, max_length=100, verbose_name="model"),
        ),
        migrations.AlterField(
            model_name="usage",
            name="outcome",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="usage",
            name="output_tokens",
            field=models.BigIntegerField(default=0, verbose_name="output tokens"),
        ),
        migrations.AlterField(
            model_name="usage",
            name="reference",
            field=models.CharField(blank=True, max_length=64, verbose_name="reference"),
        ),
        migrations.AlterField(
            model_name="usage",
            name="thinking_tokens",
            field=models.BigIntegerField(default=0, verbose_name="of which thinking"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("payer", "scope", "subject", "purpose"), name="budget_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("soft_usd__isnull", True), ("soft_usd__gte", 0), _connector="OR"
                ),
                name="budget_soft_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hard_usd__isnull", True), ("hard_usd__gte", 0), _connector="OR"
                ),
                name="budget_hard_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="meterprice",
            constraint=models.UniqueConstraint(
                fields=("meter", "valid_from"), name="meter_price_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="meterprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("per__gt", 0)), name="meter_price_per_positive"
            ),
        ),
        migrations.AddField(
            model_name="usage",
            name="meter_price",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="billing.meterprice",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reservations",
                to="billing.account",
            ),
        ),
        migrations.AddField(
            model_name="reservation",
            name="usage",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reservation",
                to="billing.usage",
            ),
        ),
        migrations.AddIndex(
            model_name="spendwindow",
            index=models.Index(
                fields=["payer", "scope", "starts_on"],
                name="billing_spe_payer_d09800_idx",
            ),
        ),
        migrations.AddConstraint(
            model_name="spendwindow",
            constraint=models.UniqueConstraint(
                fields=(
                    "payer",
                    "scope",
                    "subject",
                    "purpose",
                    "starts_on",
                    "is_simulated",
                ),
                name="spend_window_unique",
            ),
        ),
        migrations.AddField(
            model_name="budgetalert",
            name="window",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alerts",
                to="billing.spendwindow",
            ),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["expires_at"],
                name="reservation_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetalert",
            constraint=models.UniqueConstraint(
                fields=("window", "level", "limit_usd"), name="budget_alert_unique"
            ),
        ),
    ]
