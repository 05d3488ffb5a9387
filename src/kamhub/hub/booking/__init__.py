"""A booking's life: hold, passengers, payment, ticket, cancellation.

Tables: bookings, booking_passengers, booking_events, cancellation_policies, cancellation_tiers.

States (names follow OCTO)::

    on_hold ──► confirmed ──► redeemed
       │  ╲         │
       │   ► pending ─► confirmed | rejected
       ▼            ▼
    expired     cancelled

A hold is a booking in state on_hold; there is no second table that could disagree. An expired booking may become
confirmed when money arrives late and its seats are still free.
"""
