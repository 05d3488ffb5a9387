"""The PostgreSQL that comes with the product: one cluster per data folder, supervised by this process.

Owns `DATA_DIR/postgres/` (or a folder under `/var/lib/kamhub/cluster/` that `DATA_DIR/postgres.location`
names), `DATA_DIR/postgres.json` (address and passwords, 0600), `DATA_DIR/log/postgres.log` and
`DATA_DIR/kamhub.lock`.
A cluster is absent -> initialised -> running -> stopped; a kill at any point is repaired by the next start.
Everything is synchronous and light: the parent of `kamhub up` lives on these imports.
"""
