"""People, what their roles allow, and how they prove who they are.

Owns the tables people, memberships and refresh_tokens; sign-up also writes the organisation it founds and its
first cancellation policy. A refresh token is fresh -> used (its successor is issued) or revoked; using one
that is not fresh revokes its whole family. People are not tenant rows: all of this runs in the system scope.
"""
