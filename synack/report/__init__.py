"""Shows a diagnosis; never analyses."""
