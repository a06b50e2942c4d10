"""One family of errors. Each message names the file or key, the value, and what to do.

Every error is also the matching built-in, so that code which knows nothing of neumo can catch it. Its text is English,
for logs and programs; `neumo.texts.translation.told` says it in a person's language.
"""

from neumo.core.message import Message


class NeumoError(Exception):
    """Base of all errors that neumo raises on purpose; the CLI prints them without a traceback.

    Parameters
    ----------
    message : str
        English pattern of what is wrong: a literal with placeholders for all that changes, never an f-string, so that
        it is found among the translations; or a `Message`.
    **values
        What the placeholders stand for, as `Message` takes them.
    """

    def __init__(self, message: str = "", /, **values: object) -> None:
        self.message = message if isinstance(message, Message) else Message(message, **values)
        super().__init__(self.message)


class UnreadableImageError(NeumoError, ValueError):
    """A file is no image that neumo can turn into pixels (corrupt, truncated, empty, unknown format)."""


class ImageTooLargeError(UnreadableImageError):
    """An image declares more pixels than the limit; it was not decoded."""


class UnsupportedImageError(UnreadableImageError):
    """An intact file of a kind that neumo does not take: several frames, no pixels, an unknown compression."""


class DatasetError(NeumoError, ValueError):
    """A data set folder cannot be used: missing, empty, a class without images, an unknown class."""


class ManifestError(DatasetError):
    """A manifest CSV has a missing column, an unknown label or names a file that is not there."""


class SplitError(NeumoError, ValueError):
    """A split cannot be made, or a split file does not match the data."""


class ConfigError(NeumoError, ValueError):
    """An experiment file has faults; the message lists all of them with key, value and remedy."""


class CheckpointError(NeumoError, ValueError):
    """A run or its weights cannot be loaded: another model, tampered with, or not safetensors."""


class EvaluationError(NeumoError, ValueError):
    """Predictions cannot be evaluated: none there, wrong shape, a class missing, runs that do not match."""


class DownloadError(NeumoError, OSError):
    """A download failed, was interrupted, or is not what was expected."""


class UnsafeArchiveError(DownloadError):
    """An archive would write outside its target, or unpack to more than the limit."""


class MissingExtraError(NeumoError, ImportError):
    """A command needs an optional part of neumo that is not installed."""


class OutputError(NeumoError, OSError):
    """A result could not be written (full disk, no permission); nothing partial was left."""


class BundleError(NeumoError, ValueError):
    """A bundle is missing, incomplete, changed since it was made, or of another schema."""


class ExportError(NeumoError, ValueError):
    """A run cannot be made a bundle: the graphs disagree, or something that a bundle needs is missing."""


class ConversionError(NeumoError, ValueError):
    """A network from elsewhere cannot be made a bundle, or not as asked; nothing was made."""


class CommissioningError(NeumoError, ValueError):
    """A bundle cannot be commissioned with these local images, or not as asked; nothing was made."""


class ClusterError(NeumoError, OSError):
    """An archive cannot be read now, or its dataset not be written; nothing is lost, and a later run goes on."""


class ReceiptError(NeumoError, ValueError):
    """A receipt cannot be replayed: it is no receipt, or one of another schema."""


class ArchiveError(NeumoError, ValueError):
    """An archive cannot do what was asked: no such reading, a decision taken meanwhile, not an archive."""


class ArchiveUnavailableError(OutputError):
    """The archive's database cannot be reached or written now; nothing of the request was kept."""


class KeyFileError(NeumoError, OSError):
    """The file of a secret key cannot be read or made, others may read it, or the key is too short."""


class ChildError(NeumoError, OSError):
    """A child process gave no answer to a request.

    Parameters
    ----------
    code : str
        "crash", "timeout", "out_of_memory", "killed" (by the system or another program), or what it was killed for,
        such as "cancelled".
    message : str
    **values
        As of any error.
    """

    def __init__(self, code: str, message: str, /, **values: object) -> None:
        super().__init__(message, **values)
        self.code = code


class ChildStartError(ChildError):
    """A child process cannot be started, or what it needs cannot be loaded."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__("start", message, **values)


class NodeError(NeumoError, OSError):
    """The DICOM node cannot run: a port or folder is taken, TLS files cannot be used, readers do not start."""


class ArchiveUnreachableError(NeumoError, ConnectionError):
    """An image archive does not answer, or answers something other than what was asked for."""


class ResultError(NeumoError, ValueError):
    """A reading cannot be put into a format, because what the format must state is not known."""
