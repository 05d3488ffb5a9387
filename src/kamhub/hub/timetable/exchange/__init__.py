"""Timetables as files of others: GTFS Schedule (gtfs.org) in and out, a table of one timetable a line in.

``types`` is what both kinds are read into; ``csv_file`` and ``gtfs_read`` read, ``gtfs_write`` writes. Nothing here asks
the database.
"""
