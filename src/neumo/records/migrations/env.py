"""Run by Alembic: migrate on the connection that `neumo.records.database.migrate` holds."""

from alembic import context

from neumo.records.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
