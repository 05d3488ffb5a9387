"""Keys of programs that act for an organisation: hashed, scoped, with an end and a last use.

Owns the table api_keys. A key is shown once, when it is made; it works until it expires or is revoked.
"""
