"""``python -m wallet_emulator``: the same as the console script."""

from wallet_emulator.cli import main

if __name__ == "__main__":
    main()
