"""Entry point of `make demo`: prepares the environment, then runs `manage.py demo`."""

import os
import sys

from interviewlm.demo.launch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
