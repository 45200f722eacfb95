"""Makes an incident out of a story: captures, neighbor tables, and the truth beside them.

The README of this package describes the format of a story. Nothing here knows how synack
judges, and no rule of synack may look here.
"""
