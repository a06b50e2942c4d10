"""Accounts, sessions, tokens, passwords and OpenID Connect."""
