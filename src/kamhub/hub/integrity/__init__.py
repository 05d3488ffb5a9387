"""The promises of the product as queries: each counts the rows that break one. Reads only, owns no table."""
