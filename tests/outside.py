"""What the checks from outside have in common: the program in a process of its own, and tools of PyPI in a place of
their own."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

# How long the program may take to start, in seconds.
START_TIMEOUT = 60

ROOT = pathlib.Path(__file__).resolve().parent.parent


def installed(name, *packages):
    """The folder of the programs of these packages, which go into ~/.cache/andon-ci once."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = cache / "andon-ci" / name
    if not (folder / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        (folder / "whole").touch()
    return folder / "bin"


def binary():
    """The program: ANDON_BINARY, else it is built (dev)."""
    if given := os.environ.get("ANDON_BINARY"):
        return given
    subprocess.run(["cargo", "build", "--quiet", "--bin", "andon"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return ROOT / target / "debug" / "andon"


class Program:
    """`andon serve` on a free port of loopback with the simulator, its data in a folder of its own."""

    def __init__(self, andon, folder, settings=None):
        self.andon, self.folder = andon, folder
        # Nothing of the one who runs this comes in, and nobody is kept waiting.
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
            "ANDON_DATA_DIR": str(folder),
            "ANDON_BIND": "127.0.0.1:0",
            "ANDON_SIMULATOR": "true",
            "ANDON_REQUEST_LIMIT": "0",
            "ANDON_LOG": "info",
        }
        self.environment |= settings or {}

    def run(self, *arguments, words=""):
        done = subprocess.run(
            [self.andon, *arguments], cwd=self.folder, env=self.environment, input=words, text=True, capture_output=True
        )
        if done.returncode:
            sys.exit(f"andon {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def start(self):
        self.log = open(self.folder / "serve.log", "w+")
        self.process = subprocess.Popen(
            [self.andon, "serve"], cwd=self.folder, env=self.environment, stdout=self.log, stderr=self.log
        )
        for _ in range(START_TIMEOUT * 10):
            if found := re.search(r"listens on (http://\S+)", self.said()):
                self.origin = found[1]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit(f"Andon did not start:\n{self.said()}")

    def said(self):
        return pathlib.Path(self.log.name).read_text()

    def amiss(self):
        """What the log says of faults."""
        return [line for line in self.said().splitlines() if " ERROR " in line or "panicked" in line]

    def ask(self, path, body=None, token=None):
        request = urllib.request.Request(self.origin + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
