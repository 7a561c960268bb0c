"""The home partition of a customer: where its state, timers and decisions live."""

from functools import lru_cache

_REMEMBERED_CUSTOMERS = 1 << 16
_SEED = 0x9747B28C
_MIX = 0x5BD1E995
_MASK = 0xFFFFFFFF


def home(customer_id: str, partitions: int) -> int:
    """The partition, 0 to `partitions` - 1, as the Java client's default partitioner computes it of the UTF-8 id."""
    return _positive_hash(customer_id) % partitions


@lru_cache(_REMEMBERED_CUSTOMERS)
def _positive_hash(customer_id: str) -> int:
    return murmur2(customer_id.encode()) & 0x7FFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2 of `data` as 32 unsigned bits (source: org.apache.kafka.common.utils.Utils.murmur2)."""
    length = len(data)
    whole = length & ~3
    hashed = _SEED ^ length
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * _MIX & _MASK
        word = (word ^ (word >> 24)) * _MIX & _MASK
        hashed = (hashed * _MIX & _MASK) ^ word
    if length > whole:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * _MIX & _MASK
    hashed = (hashed ^ (hashed >> 13)) * _MIX & _MASK
    return hashed ^ (hashed >> 15)
