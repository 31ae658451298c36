"""Changes in the company's systems: proposed, confirmed by a person, done at most once."""
