"""Places: those of the shared catalogue, and those an organisation adds for itself.

Owns the tables places and place_photos. The catalogue is readable by all and editable by nobody; a place of one's own is
seen by travellers once a route stops there. In use → archived; one that nothing refers to is removed for good.
"""
