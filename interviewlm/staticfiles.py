"""Hashed static files whose ES modules import each other by hashed name."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # whitenoise is untyped
    """WhiteNoise's storage with Django's rewriting of module imports switched on.

    Django leaves it off by default: django/contrib/staticfiles/storage.py,
    `support_js_module_import_aggregation`.
    """

    support_js_module_import_aggregation = True
