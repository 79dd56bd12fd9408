"""The running site and Chromium, as the other browser tests use them."""

from tests.e2e.conftest import launch as launch
from tests.e2e.conftest import playwright as playwright
from tests.e2e.conftest import site as site
