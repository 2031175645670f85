"""How often the chaos tests repeat: `./dev chaos` runs all of it, `./dev test` a tenth."""

import os

FULL = os.environ.get("PATCHBAY_CHAOS") == "full"
SEED = int(os.environ.get("PATCHBAY_CHAOS_SEED", "20261120"))


def count(full):
    return full if FULL else max(1, full // 10)


def repeat(times, one):
    """one(0), one(1)... up to the first that fails, and says which."""
    for index in range(times):
        try:
            one(index)
        except BaseException:
            print(f"failed at {index} of {times}, with the seed {SEED}", flush=True)
            raise
