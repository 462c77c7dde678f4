"""``python -m neurobridge``."""

import sys

from neurobridge.cli import main

sys.exit(main())
