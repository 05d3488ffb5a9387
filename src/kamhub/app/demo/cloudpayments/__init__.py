"""A stand-in of CloudPayments for the demo: a separate program on loopback that moves no money.

Run as ``python -m kamhub.app.demo.cloudpayments``. It keeps orders, transactions and notifications in one
SQLite file of its own, answers the part of the CloudPayments API a shop needs, serves the payment page with
the documented test cards, and sends notifications signed like the real ones. It imports nothing of the
product, so that a mistake on the receiving side cannot hide behind the same mistake here.

Order: Created -> Paid | Cancelled. Transaction: AwaitingAuthentication -> Completed | Authorized | Declined;
Authorized -> Completed | Cancelled. Notification: waiting -> delivered | failed.
"""
