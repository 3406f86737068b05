"""Pages in a browser that runs them: headless Chromium, where there is one."""

import shutil
import subprocess

import pytest


def chromium() -> str:
    """The browser's path; the test is left out where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: the page was not tried in a browser")
    return found


def run_page(address: str, profile, milliseconds: int = 2000) -> str:
    """The page as it is once its scripts have run."""
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={profile}", f"--virtual-time-budget={milliseconds}", "--dump-dom", address,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
