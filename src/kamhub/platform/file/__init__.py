"""Files of organisations, by what is in them: one port, kept in a folder or on an S3-compatible service. Owns no table.

A file is named by the SHA-256 of its bytes below its organisation, so that it is kept once, never changes, and organisations
never share one. It is there whole or not at all.
"""
