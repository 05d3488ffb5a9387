"""Payments, refunds and cases as the operator works with them, and money taken outside the payment service.

No table of its own: it reads and changes those of ``hub/payment`` through its actions.
"""
