"""Hand-overs: a person takes a conversation over, answers in it, and gives it back.

`Handoffs` (queue.py) is what customers and staff use. `HandoffTimers` (timers.py) ends the time of
those that nobody claims or answers. Both step rows by the table in states.py.
"""
