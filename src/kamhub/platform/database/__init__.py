"""The only door to PostgreSQL: scoped connections, migrations, and constraint names turned into refusals."""
