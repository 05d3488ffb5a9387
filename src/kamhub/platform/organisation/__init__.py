"""An organisation's people: who belongs to it and as what, and who is invited.

Owns the table invitations; writes memberships, which sign-up founds. An invitation is open -> accepted, revoked or expired;
only an open one lets somebody in, once. Every organisation keeps at least one owner.
"""
