"""Speaking to an S3-compatible service: where it is, how to sign, and what its refusals are called. Owns no table."""
