"""Keys derived from the one secret of the installation, and encryption of secrets at rest."""
