"""The promises of the product as queries: each counts the rows that break one. Owns `integrity_checks`.

The command line and the verification of a backup count once and tell; the workers count by the clock, keep what they found
for status and metrics, and tell whoever runs the installation. Of the whole installation: no organisation is named.
"""
