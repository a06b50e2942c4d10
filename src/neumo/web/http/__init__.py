"""Middleware, error responses, static files and connection timeouts."""
