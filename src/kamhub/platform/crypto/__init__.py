"""Keys derived from the one secret of the installation, and encryption of secrets at rest.

Owns no table: whoever has a column of encrypted secrets names it, and ``actions.rotate`` brings it to the current key.
"""
