"""Middleware, error responses, static files and connection limits."""
