"""What a benchmark says: one row of the table."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """One measurement against its limit. A promise is kept, broken, or there is none (None)."""

    suite: str
    what: str
    unit: str
    measured: float
    # The same of the limit; None where the promise names a plain number.
    limit: float | None = None
    # Median of the pairs' ratios, the least and the greatest.
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    # What is promised of the ratio, or of what was measured where there is no ratio.
    bound: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def kept(self):
        """Whether the promise is kept; None without one."""
        if self.bound is None:
            return None
        value = self.measured if self.ratio is None else self.ratio
        return value <= self.bound if self.at_most else value >= self.bound

    def as_dictionary(self):
        """For JSON."""
        return dataclasses.asdict(self) | {"kept": self.kept}
