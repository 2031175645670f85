"""How often the chaos tests repeat: `./dev chaos` runs all of it, `./dev test` a tenth."""

import os

FULL = os.environ.get("PATCHBAY_CHAOS") == "full"
SEED = int(os.environ.get("PATCHBAY_CHAOS_SEED", "20261120"))


def count(full):
    return full if FULL else max(1, full // 10)
