"""Services on loan: several demos use one folder's at once, and the last stops what nobody started to keep."""

import fcntl
from pathlib import Path

from local import services


class Loan:
    """Services of `folder`, started where they do not run; blocks until they answer. Raises LocalError.

    Those that ran before the first loan, or were asked for by `up` since, go on after the last `give_back`. A borrower
    that was killed leaves them to the next.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with services.alone(folder, "loans.lock"):
            found = services.status(folder)
            for_loans = self._for_loans.exists() or not found or not all(found.values())
            self.services = services.up(folder)
            if for_loans:
                self._for_loans.touch()
            self._held = (folder / "loans").open("w")
            fcntl.flock(self._held, fcntl.LOCK_SH)

    @property
    def _for_loans(self) -> Path:
        return self._folder / services.FOR_LOANS

    def give_back(self) -> None:
        """Stops the services where this was the last loan of some that were started for loans."""
        with services.alone(self._folder, "loans.lock"):
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                last = True
            except BlockingIOError:
                last = False
            self._held.close()
            if last and self._for_loans.exists():
                services.down(self._folder)
