"""Backups: made, listed, verified, restored, pruned. Owns the tables `installation` and `backup_runs`.

A backup is a folder (or the objects below a prefix) with a dump in directory format, the files of the product and a
manifest, which is written last: without it there is no backup. It is partial -> complete -> verified, well or not. What
backups there are is asked of the places they are kept in, so that it can be told when the database is gone; the table of
runs only feeds status, metrics and alerts.

All verbs are synchronous: they wait for programs, disks and servers. One of them runs at a time over the whole fleet.
"""
