"""What whoever works with timetables has to be allowed."""

READ, WRITE, PRICE = "timetable.read", "timetable.write", "prices.write"
