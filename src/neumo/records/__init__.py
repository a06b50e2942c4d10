"""Every reading on record: readings, views, decisions by people, and an audit log that shows tampering."""
