"""Storage SCP: associations, TLS, limits, DIMSE status codes."""
