"""Backups: one archive of database, files, settings, keys, users, knowledge and connectors.

`archive.py` and `settings_text.py` use the standard library only: scripts on a Docker host, where
nothing is installed, import them.
"""
