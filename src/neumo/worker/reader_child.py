"""Loads a `Reader` in a child process and answers requests with a named handler."""

import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

from neumo.core.child import Handler, load_function
from neumo.inference.reader import Reader
from neumo.inference.site_notices import site_notices

_NICENESS: Final = 2
"""Enough for quick answers; at 5, a flood of uploads that were refused left less of the processor for reading."""
ReaderHandler = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Handler of a reader process: maps a request to an answer, both plain values."""


def open_reader(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Load the reader, and what answers with it: the function `handler` of the reader and of `options`."""
    warnings.simplefilter("ignore")
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # where all cores read, whoever answers people and takes objects goes first
    make_handler = load_function(settings["handler"])
    reader = Reader(**settings["reader"], keep_pixels=True, keep_header=True)
    handle: ReaderHandler = make_handler(reader, **settings["options"])
    site = [notice.code for notice in site_notices(reader.bundle.site)]
    ready = {"bundle": reader.bundle.digest, "options": reader.options, "site": site}
    return ready, lambda request, _payload: (handle(request), b"")
