"""What `make up` and `make doctor` look at. Nothing here changes anything.

Standard library only: both commands run with the system's Python.
"""
