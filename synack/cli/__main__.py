"""``python -m synack.cli``: the console script, where it is not installed."""

from synack.cli import main

if __name__ == "__main__":
    main()
