"""SQL of timetables: the patterns, the network they are made on, and the departures that follow them."""
