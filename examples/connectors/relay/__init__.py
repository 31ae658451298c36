"""A small relay between the desk and systems whose requests a connector's file cannot write: signed
ones, HTML forms, and tokens that expire."""
