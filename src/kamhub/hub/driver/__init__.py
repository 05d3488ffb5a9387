"""Drivers of an organisation, and the members who sign in as one.

Owns the table drivers. In use → archived; one that nothing refers to is removed for good. A driver without a member is known
by name and phone alone; a member who is a driver sees the departures of that driver.
"""
