"""The files of a workspace as one ZIP file."""

import logging
import zipfile
from datetime import datetime
from typing import IO

from interviews.errors import InterviewError
from interviews.models import Interview, WorkspaceFile
from interviews.services.workspace_files import read_content
from interviews.workspace.errors import BadPathError
from interviews.workspace.paths import check_path

logger = logging.getLogger(__name__)

_PLAIN_FILE = 0o100644 << 16


def write_archive(interview: Interview, target: IO[bytes]) -> None:
    """Write every document, and every other file whose content is kept, under its path.

    Links, special and huge files are not among them. A content that the storage does
    not give is left out.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in interview.documents.order_by("path").iterator(chunk_size=20):
            _add(archive, document.path, document.text.encode(), document.updated_at)
        for row in interview.workspace_files.exclude(content="").order_by("path"):
            data = _read(row)
            if data is not None:
                _add(archive, row.path, data, row.updated_at)


def _read(row: WorkspaceFile) -> bytes | None:
    try:
        return read_content(row)
    except InterviewError:
        logger.warning("File %d is left out of an archive", row.pk)
        return None


def _add(archive: zipfile.ZipFile, path: str, data: bytes, at: datetime) -> None:
    try:
        # No path is stored that fails here; an archive is unpacked on other machines.
        name = check_path(path, folders=[path.partition("/")[0]])
    except BadPathError:
        logger.warning("A file of %s has a name that is left out", archive.filename)
        return
    entry = zipfile.ZipInfo(name, at.timetuple()[:6])
    entry.external_attr = _PLAIN_FILE
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)
