"""From attempts and neighbor evidence to findings: ordered, pure rules with their reasons."""
