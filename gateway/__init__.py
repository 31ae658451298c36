"""SightDesk's gateway: authentication, limits, pictures, knowledge, engines and history."""

__version__ = "0.1.0"
