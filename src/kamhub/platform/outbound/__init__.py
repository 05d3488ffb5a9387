"""Calls to systems of others. Owns no table.

``client``: to addresses that are settings of the installation, never something a person of ours typed in. A call follows no
redirect, asks no proxy of the environment, reads no endless answer, and its errors name the host alone: a path may hold a
secret. ``guarded``: reads of addresses that people typed in, from the public network alone.
"""
