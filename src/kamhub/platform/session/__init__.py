"""Where people are signed in: browsers by a cookie, programs by a family of refresh tokens.

Owns the tables sessions and refresh_tokens. A session lives until it is ended, is not used for long, or reaches its age;
one that has ended is refused at the next request, whatever its access tokens say. A refresh token is fresh -> used (its
successor is issued) or revoked; using one that is not fresh ends its session. Sessions are not tenant rows: all of this
runs in the system scope.
"""
