INSERT INTO billing_usage (payer, reference, "group", labels, meter, quantity, provider, model,
  purpose, key_label, request_id, outcome, error_code, is_simulated, is_batch, is_estimated, raw,
  input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens, output_tokens,
  thinking_tokens, audio_input_tokens, audio_cached_tokens, audio_output_tokens,
  cost_usd, bound_usd, saved_usd, note, day, at)
SELECT (r %% 20 + 1)::text, md5(r::text)::uuid::text, (r %% 200 + 1)::text,
  '{"person": "7"}', 'tokens', 3000, 'anthropic',
  (ARRAY['claude-sonnet-5-5','claude-opus-5-5','claude-haiku-5-5'])[n %% 3 + 1],
  (ARRAY['chat','chat','chat','score'])[n %% 4 + 1], 'main', 'req_' || n,
  CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'finished' END, '', n %% 100 = 1, false, false,
  '{"input_tokens": 200, "output_tokens": 1500, "cache_read_input_tokens": 3000, "service_tier": "standard"}',
  200 + n %% 100, 100, 0, 3000 + n %% 1000, 1500 + n %% 500, n %% 300, 0, 0, 0,
  CASE WHEN n %% 1000 = 0 THEN NULL ELSE 15000000000 + (n %% 997) * 1000000 END, 0, 5000000000, '',
  d.day, d.day + time '12:00'
FROM generate_series(0, %s - 1) AS n
CROSS JOIN LATERAL (SELECT n / 50 AS r) AS x
CROSS JOIN LATERAL (SELECT date '2026-01-01' + (x.r * 365 / 20000) AS day) AS d;
