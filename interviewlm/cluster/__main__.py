"""Entry point of `make cluster`."""

import os
import sys

from interviewlm.cluster.launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
