"""The API's requests, one file for each part of docs/reference/api.md."""
