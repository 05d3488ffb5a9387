"""Finding departures: places by name, offers of a day, the nearest days that have any. Reads only."""
