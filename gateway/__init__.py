"""SightDesk's gateway: who may ask, how often, with which pictures, and what the engine's answer costs."""

__version__ = "0.1.0"
