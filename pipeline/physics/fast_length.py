"""Lengths at which a fast Fourier transform is fast: products of small primes."""


def fast_length(n: int, unit: int = 1) -> int:
    """Smallest multiple of `unit` that is at least n and `unit` times a product of 2, 3, 5 and 7."""
    count = max(1, -(-n // unit))
    return unit * next(m for m in range(count, 2 * count + 1) if _is_smooth(m))


def _is_smooth(m):
    for factor in (2, 3, 5, 7):
        while m % factor == 0:
            m //= factor
    return m == 1
