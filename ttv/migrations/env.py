"""Runs the steps on the connection that `store.open` holds, in its transaction."""

from alembic import context

from ttv.store import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
