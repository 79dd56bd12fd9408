"""Django settings, driven by the environment; every variable is in .env.example."""

from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from base.env import (
    env_bool,
    env_choice,
    env_file,
    env_int,
    env_list,
    env_path,
    env_str,
)
from interviewlm import logs, media_settings, model_calls, policies, schedule
from interviewlm.media_settings import *  # noqa: F403 -- they are settings too

# Lets classes such as ModelAdmin take their model as a type argument at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

ENVIRONMENT = env_choice("INTERVIEWLM_ENV", ("production", "development"), "production")
IS_DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = env_bool("DEBUG", default=False) and IS_DEVELOPMENT
SECRET_KEY = env_str("SECRET_KEY")
VAR_DIR = env_path("VAR_DIR", BASE_DIR / "var")
PUBLIC_URL = env_str("PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", PUBLIC_URL.split("//")[-1].split(":")[0])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SITE_ID = None
VERSION = logs.read_version(BASE_DIR / "CHANGELOG.md")

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "interviewlm.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "accounts",
    "billing",
    "interviews",
    "assistant",
    "recordings",
    "interviewlm.apps.InterviewlmConfig",
]

MIDDLEWARE = [
    "interviewlm.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "interviewlm.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "interviewlm.urls"
ASGI_APPLICATION = "interviewlm.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# Data

REDIS_URL = env_str("REDIS_URL", "")
DATABASE_URL = env_str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")


def _database() -> dict[str, Any]:
    config: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL))
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        config["OPTIONS"] = {
            "pool": {"min_size": 1, "max_size": env_int("DATABASE_POOL_SIZE", 20)}
        }
    return config


DATABASES = {"default": _database()}

CHANNEL_LAYERS: dict[str, Any] = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}
CACHES: dict[str, Any] = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# Media and static files

MEDIA_ROOT = env_path("MEDIA_ROOT", VAR_DIR / "media")
STATIC_URL = "static/"
STATIC_ROOT = env_path("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "interviewlm.filestorage.BucketStorage"
        if media_settings.MEDIA_S3_BUCKET
        else "django.core.files.storage.FileSystemStorage"
    },
    "staticfiles": {"BACKEND": "interviewlm.staticfiles.ModuleManifestStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Background work

CELERY_BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = env_str("CELERY_BROKER_URL", REDIS_URL or "filesystem://")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "data_folder_in": str(CELERY_BROKER_DIR / "queue"),
        "data_folder_out": str(CELERY_BROKER_DIR / "queue"),
        "control_folder": str(CELERY_BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
    if CELERY_BROKER_URL.startswith("filesystem")
    else {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 10,
        "health_check_interval": 25,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 60 * 60
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = schedule.BEAT
PIPELINE_STEPS = ["assemble", "hidden_tests", "score"]

# The runner

RUNNER_SOCKET = env_str("RUNNER_SOCKET", str(VAR_DIR / "runner.sock"))
RUNNERS = env_list("RUNNERS")
RUNNER_TOKEN = env_str("RUNNER_TOKEN", "")
RUNNER_CA_FILE = env_str("RUNNER_CA_FILE", "")
RUNNER_TLS_CERT = env_str("RUNNER_TLS_CERT", "")
RUNNER_TLS_KEY = env_str("RUNNER_TLS_KEY", "")
SANDBOX_REQUIRE_HARD_LIMITS = env_bool(
    "SANDBOX_REQUIRE_HARD_LIMITS", default=not IS_DEVELOPMENT
)

# Models

ASSISTANT_PROVIDER = env_choice(
    "ASSISTANT_PROVIDER", ("anthropic", "simulator"), "anthropic"
)
ASSISTANT_SIMULATOR_FORCED = env_bool("ASSISTANT_SIMULATOR_FORCED", default=False)
ASSISTANT_SIMULATOR_URL = env_str("ASSISTANT_SIMULATOR_URL", "http://127.0.0.1:8701")
ANTHROPIC_API_KEY = env_str("ANTHROPIC_API_KEY", "")
ANTHROPIC_API_KEYS = env_str("ANTHROPIC_API_KEYS", "")
ANTHROPIC_API_KEYS_PATH = env_file("ANTHROPIC_API_KEYS")
ANTHROPIC_KEY_LABEL = env_str("ANTHROPIC_KEY_LABEL", "main")
ANTHROPIC_BASE_URL = env_str("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
ANTHROPIC_MODEL = env_str("ANTHROPIC_MODEL", "claude-sonnet-5-5")
ANTHROPIC_SCORE_MODEL = env_str("ANTHROPIC_SCORE_MODEL", ANTHROPIC_MODEL)
ANTHROPIC_EFFORT = env_choice("ANTHROPIC_EFFORT", model_calls.EFFORTS, "low")
ASSISTANT_FALLBACK_MODELS = env_list("ASSISTANT_FALLBACK_MODELS")
ASSISTANT_GATEWAYS = env_list("ASSISTANT_GATEWAYS")
ASSISTANT_GATEWAY_KEYS = env_str("ASSISTANT_GATEWAY_KEYS", "")
ASSISTANT_GATEWAY_KEYS_PATH = env_file("ASSISTANT_GATEWAY_KEYS")
MODEL_CALLS = model_calls.DEFAULTS

# Limits of the product, one table (system.md §5); an assessment may lower them.

LIMITS = {
    "message_chars": 10_000,
    "pasted_code_chars": 50_000,
    "file_bytes": 1_000_000,
    "workspace_bytes": 64 * 1024 * 1024,
    "workspace_documents": 500,
    "workspace_entries": 4_000,
    "kept_file_bytes": 8 * 1024 * 1024,
    "update_bytes": 256 * 1024,
    "run_seconds": 30,
    "run_memory_bytes": 256 * 1024 * 1024,
    "run_output_bytes": 256 * 1024,
    "terminal_recorded_bytes": 16 * 1024 * 1024,
    "asks_per_minute": 10,
    "requests_per_minute": 60,
    "output_tokens": 4096,
    "output_tokens_tight": 1024,
    "history_messages": 20,
    "history_tokens": 3000,
    "history_tokens_tight": 1000,
    # A longer conversation begins anew with its newest exchanges (docs/adr).
    "epoch_tokens": 80_000,
    **policies.ASSISTANT_LIMITS,
    **policies.RECORDING_LIMITS,
    # Less lost time than this is on record, not given back.
    "credit_least_seconds": 5,
    # Nobody there for so long, and for half the agreed time: abandoned before its end.
    "absent_seconds": 60 * 60,
}

# Time given back for faults of ours: the most per cause, in seconds, and altogether
# as a part of the agreed time (1/3).

CREDIT_SECONDS = {"restart": 600, "sandbox": 600, "model": 300, "socket": 600}
CREDIT_DIVISOR = 3

# People

AUTH_USER_MODEL = "accounts.User"
SIGNUP_OPEN = env_bool("SIGNUP_OPEN", default=False)
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "interviewlm.allauth_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if IS_DEVELOPMENT else "https"
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

# Mail

EMAIL_BACKEND = env_str("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_HOST = env_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "InterviewLM <noreply@localhost>")

# Security

SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=not IS_DEVELOPMENT)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if IS_DEVELOPMENT else env_int("HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not IS_DEVELOPMENT
SECURE_HSTS_PRELOAD = not IS_DEVELOPMENT
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
if env_bool("TRUST_PROXY_HEADERS", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # page modules read it for fetch
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = policies.build_strict(media_settings.MEDIA_BUCKET_ORIGINS)
METRICS_TOKEN = env_str("METRICS_TOKEN", "")

# Language and time

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# How the web process runs (`manage.py web`)

WEB_SERVER = env_choice("WEB_SERVER", ("uvicorn", "daphne"), "uvicorn")
WEB_DATABASE_THREADS = env_int("WEB_DATABASE_THREADS", 12)

LOGGING = logs.config(
    level=env_str("LOG_LEVEL", "INFO"),
    as_json=env_bool("LOG_JSON", default=not IS_DEVELOPMENT),
)
UNFOLD = policies.UNFOLD
