"""Results that can be shared: the same diagnosis with other addresses and names.

One key gives the same pseudonyms in every output. What is kept says the README ("Sharing").
"""
