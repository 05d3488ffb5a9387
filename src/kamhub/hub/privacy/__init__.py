"""Personal data of travellers: the text they agree to, finding, handing out and removing what is held of somebody.

Table: consents (written by booking, in the transaction that takes the data). A booking whose traveller was removed keeps
what the books need and has ``erased_at``.
"""
