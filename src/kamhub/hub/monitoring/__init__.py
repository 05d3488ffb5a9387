"""What the hub tells whoever watches it: counters of what happened in a process, and numbers that the database tells.

Never an id, a name or an organisation: labels are states, kinds and currencies, of which there are a few.
"""
