"""The exceptions that a stage raises on purpose; the host tells them apart by class name."""


class StageError(Exception):
    """Something the user can put right; one sentence that names the file and says what to do."""


class DivergedError(StageError):
    """A loss became no number."""


class Cancelled(Exception):
    """The host asked the stage to stop. Nothing in spec["out"] is to be kept."""
