"""Timetables: patterns from which departures are generated. Tables: timetables, timetable_exceptions.

States of a timetable: live → archived. Departures made of it belong to hub/departure and, with their seats, to hub/seats.
"""
