"""The container-neutral view: which format, its header, where a run may start."""

from recordings.media import ebml, isobmff
from recordings.media.errors import HeaderInvalidError
from recordings.media.tracks import Container, StreamHeader


def read_header(data: bytes) -> StreamHeader | None:
    """The stream header at the front of `data`; None when it is not complete yet.

    Raises HeaderInvalidError when the bytes are neither WebM nor MP4.
    """
    if ebml.is_webm(data):
        return ebml.read_header(data)
    if isobmff.is_mp4(data):
        return isobmff.read_header(data)
    if len(data) < 8:
        return None
    raise HeaderInvalidError


def find_restart(
    container: Container, data: bytes | bytearray
) -> tuple[int | None, int]:
    """Where a demuxer may start behind the header, and what to keep if nowhere."""
    if container is Container.WEBM:
        return ebml.find_cluster(data)
    return isobmff.find_fragment(data)
