"""SQL of backups: of the database that is dumped, of the server that is restored to, and of the runs."""
