"""Run by Alembic: migrate on the connection that `neumo.archive.database.migrate` holds."""

from alembic import context

from neumo.archive.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
