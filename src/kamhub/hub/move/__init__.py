"""Moving a booking to another departure: new seats are taken before the old ones are given back, in one transaction.

Table: booking_moves. The booking keeps its state, its code and its token; what it rode on before is kept as a move.
"""
