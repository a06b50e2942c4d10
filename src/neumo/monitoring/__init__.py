"""Whether a reader in use still does what it did: people's decisions beside its findings, and drift of what is read."""
