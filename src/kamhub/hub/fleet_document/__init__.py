"""Papers of vehicles and drivers, and what runs out when.

Owns the table fleet_documents. A paper is never edited: a renewed one is added beside the old one, which then says nothing
any more. Valid → expiring (30 days before its last day) → expired, by the calendar of the organisation.
"""
