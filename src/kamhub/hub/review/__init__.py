"""What travellers say of a trip afterwards, and what the operator answers.

Owns the table ``reviews``, at most one a booking. The operator's ``rating`` and ``review_count`` are counted anew in the
transaction that writes a review; before the first one the rating is whatever the operator began with.
"""
