"""Telling whoever runs the installation that something is wrong with it: by Telegram, by mail, or both. Owns `alerts`.

An alert is a kind and what it is about. It is told when it is raised, again each day that it stays, and once when it is
over; raising it again in between only counts. Alerts are told by jobs, one for each way, so that a service that is away
delays its own message alone. Every feature may raise alerts; its kinds, with their words, are in a list of its own.
"""
