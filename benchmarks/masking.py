"""How well redaction tells personal data from order numbers: 2,000 generated numbers of each kind.

The numbers and sentences are those of tests/support/personal_numbers.py. Ends with 1 where more
than 0.5 % of a kind is missed or more than 1 % of the order numbers is masked.
"""

import sys
import time

from gateway.privacy.redaction import mask
from tests.support.personal_numbers import KINDS, MASKED, MISSED, NUMBERS, measured


def main() -> int:
    print(f"{'kind':<40}{'wrong, tuned':>14}{'kept apart':>14}{'allowed':>10}")
    failed = False
    for kind in KINDS:
        name, _, forms, is_personal = kind
        allowed = MISSED if is_personal else MASKED
        halves = [
            measured(kind, sentences, seed) for seed, sentences in enumerate(forms, start=20261128)
        ]
        shares = [count / NUMBERS for count, _ in halves]
        failed |= any(share > allowed for share in shares)
        print(f"{name:<40}{shares[0]:>13.2%} {shares[1]:>13.2%} {allowed:>9.1%}")
        if "--show" in sys.argv[1:]:  # of the tuned half alone
            print(*(f"    {text}" for text in halves[0][1]), sep="\n")
    usual = (
        "您好，我的订单 QH202611180042317 还没到，电话 13812345678，麻烦查一下运单 SF1402857369214。"
        * 4
    )
    started = time.process_time()
    for _ in range(100):
        mask(usual)
    print(
        f"usual message of {len(usual)} characters: {(time.process_time() - started) * 10:.2f} ms"
    )
    started = time.process_time()
    mask((usual * 1000)[:200_000])
    print(f"200,000 characters: {time.process_time() - started:.2f} s")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
