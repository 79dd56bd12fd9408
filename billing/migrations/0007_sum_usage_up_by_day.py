"""Add up by day what the ledger holds already: one statement, inside the database."""

from django.db import migrations

# Written out, not taken from the models: those may change. Standard SQL.
_SUM_UP = """
    INSERT INTO billing_usageday (
        payer, day, purpose, provider, model, meter, outcome, key_label, "group",
        is_simulated, "rows", calls, quantity, input_tokens, cache_write_5m_tokens,
        cache_write_1h_tokens, cache_read_tokens, output_tokens, thinking_tokens,
        audio_input_tokens, audio_cached_tokens, audio_output_tokens, cost_usd,
        saved_usd
    )
    SELECT
        payer, day, purpose, provider, model, meter, outcome, key_label, "group",
        is_simulated, COUNT(*), COUNT(CASE WHEN corrects_id IS NULL THEN 1 END),
        SUM(quantity), SUM(input_tokens), SUM(cache_write_5m_tokens),
        SUM(cache_write_1h_tokens), SUM(cache_read_tokens), SUM(output_tokens),
        SUM(thinking_tokens), SUM(audio_input_tokens), SUM(audio_cached_tokens),
        SUM(audio_output_tokens), COALESCE(SUM(cost_usd), 0), SUM(saved_usd)
    FROM billing_usage
    GROUP BY
        payer, day, purpose, provider, model, meter, outcome, key_label, "group",
        is_simulated
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_usage_days")]

    operations = [
        migrations.RunSQL(_SUM_UP, reverse_sql="DELETE FROM billing_usageday")
    ]
