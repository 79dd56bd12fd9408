from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_usage_without_decimal_cost"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="usage",
            index=models.Index(
                fields=["day", "payer", "is_simulated", "reference", "cost_usd"],
                name="usage_reference_cost",
            ),
        ),
        migrations.AddIndex(
            model_name="usage",
            index=models.Index(
                condition=models.Q(("cost_usd__isnull", True)),
                fields=["day", "payer"],
                name="usage_unknown",
            ),
        ),
    ]
