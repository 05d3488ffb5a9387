"""Who may pass: the table of permissions, and the wall before every route of staff and keys. Owns no table."""
