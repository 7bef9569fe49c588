"""Which square roots torch takes itself, and so by MKL; see diffusion/exact_roots.py."""

from torch.utils._python_dispatch import TorchDispatchMode

from diffusion.exact_roots import is_root


class Roots(TorchDispatchMode):
    """Counts the roots that torch takes itself."""

    def __init__(self):
        super().__init__()
        self.taken = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Count, and leave it to torch."""
        self.taken += is_root(func, args) or "_foreach_sqrt" in str(func)
        return func(*args, **(kwargs or {}))
