"""Writes to business systems: proposed by the assistant, confirmed by a person, done at most once.

`Actions` (proposals.py) is what the assistant, owners and staff use. `ActionWorker` (worker.py)
carries out. Both step rows of `ActionStore` (store.py) by the table in states.py.
"""
