"""Downloads public data sets: resumable HTTP, checksums, safe unpacking."""
