"""Routes of the API, one file for each part of docs/reference/api.md."""
