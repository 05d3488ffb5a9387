"""Money of travellers through CloudPayments.

Tables: payment_accounts, payment_orders (the intent and its link), payments (one a provider transaction),
payment_events, payment_notifications, refunds, cases.

States of a payment: (authorized →) completed, declined, cancelled. States of a refund: requested → completed | refused.
Whatever tells us of money (a notification, a reply to our call) ends in the same ``settle`` functions.
"""
