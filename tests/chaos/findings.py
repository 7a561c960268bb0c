"""What the oracle finds wrong, one value each."""

from typing import Literal, NamedTuple

Kind = Literal["missing", "doubled", "wrong"]


class Finding(NamedTuple):
    """One thing that is not as it must be: of which kind and where, the customer, an id, the origin of the input."""

    kind: Kind
    where: str
    customer: str = ""
    id: str = ""
    origin: str = ""
    why: str = ""

    def __str__(self) -> str:
        told = [f"customer {self.customer}"] if self.customer else []
        told += [f"id {self.id}"] if self.id else []
        told += [f"input {self.origin}"] if self.origin else []
        told += [self.why] if self.why else []
        return f"{self.kind} {self.where}: " + ", ".join(told)
