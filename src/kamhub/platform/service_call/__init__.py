"""How the services that an organisation's work depends on answer: the last call that was answered, the last that was not.

Owns `service_calls`, a row an organisation and service. Written after a call by whoever made it, in a transaction of its own,
and not with every call: a note is for people who look, and two within half a minute say the same.
"""
