"""A process that sets a token up.

Arguments: the ``HsmConfig`` as JSON; anything more makes it say when it begins.
Prints how many keys it made.
"""

import sys

from hsm.config import HsmConfig
from hsm.token import set_up


def main() -> None:
    config = HsmConfig.model_validate_json(sys.argv[1])
    if sys.argv[2:]:
        print("now", flush=True)
    print(len(set_up(config)))


if __name__ == "__main__":
    main()
