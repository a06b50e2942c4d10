"""The durable outbox and its destinations: C-STORE, STOW-RS, records."""
