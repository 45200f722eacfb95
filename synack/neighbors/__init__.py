"""Neighbor (ARP, ND) tables of every spelling, on one time line."""
