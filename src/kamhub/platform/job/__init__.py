"""Background jobs on procrastinate, in the same PostgreSQL as everything else.

A job is inserted on the caller's connection, so it is saved with what caused it or not at all. Every job
may run twice.
"""
