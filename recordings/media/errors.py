"""What can be wrong with recorded bytes."""


class MediaError(Exception):
    """Base of every error of this package; `code` is stable, `message` is safe."""

    code = "media_error"
    message = "The recording could not be processed."
    retryable = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class HeaderInvalidError(MediaError):
    code = "header_invalid"
    message = "These bytes do not start a WebM or MP4 recording."


class CodecUnsupportedError(MediaError):
    code = "codec_unsupported"
    message = "The recording uses a codec that cannot be stored for playback."


class OutputTooLargeError(MediaError):
    code = "output_too_large"
    message = "The recording is larger than the storage accepts."


class IndexTooLargeError(MediaError):
    code = "index_too_large"
    message = "The recording has more key frames than its index can hold."


class VerificationError(MediaError):
    """The finished file does not hold what was written; keep the chunks."""

    code = "verification_failed"
    message = "The finished recording could not be read back correctly."
    retryable = True
