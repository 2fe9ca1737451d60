"""Style sheets and scripts under names that change with their content, compressed once."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor  # type: ignore[import-untyped]
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class GzipManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names, and gzip alone: brotli at its best takes a minute for what gzip does in three seconds."""

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(use_brotli=False, **options)
