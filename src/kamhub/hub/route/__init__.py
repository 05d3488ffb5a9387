"""Routes: stops in order, with their minutes from the first.

Owns the tables routes and route_stops. Departures and prices count by the position of a stop, so stops are changed only while
nothing refers to the route; then a copy is made instead. In use → archived; one that nothing refers to is removed for good.
"""
