"""A Python client for the workbench's API. Needs the extra `client`."""
