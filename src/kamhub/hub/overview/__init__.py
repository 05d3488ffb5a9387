"""The first page of the back office: what waits for whoever looks, part by part. Owns no table."""
