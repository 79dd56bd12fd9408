"""How calls to models are waited for, repeated and given up; counts and seconds."""

EFFORTS = ("none", "low", "medium", "high", "xhigh", "max")

DEFAULTS: dict[str, float] = {
    "connect_seconds": 5.0,
    "first_token_seconds": 60.0,
    "between_tokens_seconds": 60.0,
    "tries": 3,
    "first_wait_seconds": 0.5,
    # A candidate is waiting: a longer pause is told, not sat out.
    "longest_wait_seconds": 8.0,
    "jitter_seconds": 0.25,
    # A chain whose organisation has used up its minute waits so long for a request: a
    # minute's worth of them comes back meanwhile.
    "longest_request_wait_seconds": 60.0,
    # Where the provider names no wait.
    "retry_after_seconds": 30.0,
    "breaker_failures": 5,
    "breaker_open_seconds": 60.0,
    "breaker_successes": 2,
    # How long a key rests that the provider does not accept.
    "key_refused_seconds": 600.0,
    "key_rotation_seconds": 3600.0,
    # With less than this part of a rate limit left, requests are spread over its time.
    "pace_below": 0.1,
    # Rather than wait longer for that, another key is used, though it has no cache.
    "pace_patience_seconds": 2.0,
    # How often an answer that the provider paused is continued.
    "continuations": 3,
}
