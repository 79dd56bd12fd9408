from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_carry_usage_over")]

    operations = [
        migrations.RemoveField("usage", "cost_decimal"),
        migrations.AlterField(
            "usage", "day", models.DateField(verbose_name="day, UTC")
        ),
    ]
