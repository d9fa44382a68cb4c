"""Resident memory of this process: where it stood when a task was ready, and its peak since then."""

import gc
import resource
import sys


def resident():
    """Resident memory in bytes and its peak, as Linux records them; elsewhere the peak for both."""
    try:
        with open("/proc/self/status") as status:
            fields = dict(line.split(":", 1) for line in status if line.startswith(("VmRSS", "VmHWM")))
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError):
        # macOS counts in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return peak, peak


class ResidentMemory:
    def __init__(self):
        self.baseline = 0

    def draw_line(self):
        """Memory counts from here."""
        gc.collect()
        try:
            with open("/proc/self/clear_refs", "w") as record:
                record.write("5")
        except OSError:
            pass  # no such record, or no right to: the peak then includes loading
        self.baseline, _ = resident()

    def measure(self):
        _, peak = resident()
        return {"baseline": self.baseline, "peak": peak}
