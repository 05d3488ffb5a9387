"""Child processes of `kamhub up`: started in order, brought back when they die, stopped in reverse order.

A service is stopped -> running -> (ended -> waiting to be started again ->) running -> stopped.
Nothing outlives the supervising process, whatever kills it. No tables; synchronous and light.
"""
