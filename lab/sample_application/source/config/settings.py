"""Django settings: everything that differs between stages comes from APP_* environment variables."""

from __future__ import annotations

from pathlib import Path

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = environment.debug()
SECRET_KEY = environment.required("APP_SECRET_KEY", in_debug="only-for-development")
ALLOWED_HOSTS = environment.required("APP_ALLOWED_HOSTS", in_debug="localhost,127.0.0.1").split(",")
SITE_BANNER = environment.optional("APP_SITE_BANNER", "local")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ledger",
]
# A stage may have no hosts for background jobs; then what is asked for is done before the answer.
HAS_QUEUES = environment.optional("APP_QUEUES", "true").strip().lower() in environment.TRUE_WORDS
if HAS_QUEUES:
    INSTALLED_APPS.append("django_rq")

MIDDLEWARE = [
    "ledger.middleware.ReleaseMiddleware",  # first: the version must be readable when nothing else works
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "ledger.context.site",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environment.required("APP_DATABASE_HOST", in_debug="localhost"),
        "PORT": environment.required("APP_DATABASE_PORT", in_debug="5432"),
        "NAME": environment.required("APP_DATABASE_NAME", in_debug="sample"),
        "USER": environment.required("APP_DATABASE_USER", in_debug="sample"),
        "PASSWORD": environment.required("APP_DATABASE_PASSWORD", in_debug="sample"),
        "ATOMIC_REQUESTS": True,
        "OPTIONS": {"connect_timeout": 5},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

RQ_QUEUES = {}
if HAS_QUEUES:
    RQ_QUEUES["default"] = {
        "URL": environment.redis_url("APP_REDIS_URL", database=2, in_debug="redis://localhost:6379/"),
        "DEFAULT_TIMEOUT": 360,
        "DEFAULT_RESULT_TTL": 7 * 24 * 3600,
    }

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("normalize", BASE_DIR / "node_modules" / "normalize.css"),
]
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "mediafiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}

LOCALE_PATHS = [BASE_DIR / "applications" / "locale"]
USE_TZ = True
LANGUAGE_CODE = "en"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
