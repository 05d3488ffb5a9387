"""Calls to systems of others: one guarded client for all that have no library of their own. Owns no table.

The addresses are settings of the installation, never something a person of ours typed in. A call follows no redirect, asks
no proxy of the environment, reads no endless answer, and its errors name the host alone: a path may hold a secret.
"""
