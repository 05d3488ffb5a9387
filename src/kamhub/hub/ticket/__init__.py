"""The ticket of a confirmed booking: a page to print, a QR code to show, an entry for the calendar.

Nothing is stored: a ticket is made from its booking whenever it is asked for; the same booking gives the
same bytes.
"""
