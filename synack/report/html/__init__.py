"""A diagnosis as one HTML page that needs nothing else and loads nothing."""
