"""SQL about jobs: ``work`` for the workers, ``fleet`` for who they are, ``lists`` for people."""
