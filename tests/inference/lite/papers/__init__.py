"""Papers that the tests draw: every kind, layouts and companies other than the example screens."""
