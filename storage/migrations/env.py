"""What Alembic runs: the migrations in versions/, on the connection that storage/migrate.py hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
